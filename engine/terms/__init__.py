"""What was agreed: the deal file, its places and phrases, and its terms in force on a date."""
