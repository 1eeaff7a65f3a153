"""What was agreed: the deal file, its places, its phrases, its terms in force on a date."""
