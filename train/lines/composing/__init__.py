"""Lines as forms and letters have them, composed of digits: texts, hands, pens, paper, and what lies around them."""
