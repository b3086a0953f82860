"""What a check may take, what it takes, and where it is."""
