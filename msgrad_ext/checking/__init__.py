"""Plan against formula against the slopes of the forward program: witnesses, comparison, who is wrong, and the result."""
