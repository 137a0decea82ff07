"""Known mistakes: from wrong numbers to the words that a student reads."""
