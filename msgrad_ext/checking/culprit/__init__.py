"""Who is wrong: rules, voices, sums, seeds and results, each by itself, and in words."""
