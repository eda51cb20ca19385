"""Reading digits in a picture: from its ink to lines of pieces to digits."""
