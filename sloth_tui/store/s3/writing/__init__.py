"""Changes: made on a scratch copy, put in the place of the object, and made anew if another came first."""
