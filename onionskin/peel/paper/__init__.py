"""A step of training with pencil and paper: a worksheet with blanks, and its answer key."""
