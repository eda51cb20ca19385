"""Finding lines of writing in a picture, as grey pictures of one line each for a reader of whole lines."""
