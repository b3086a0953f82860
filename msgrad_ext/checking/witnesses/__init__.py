"""What is asked: the recorded pass, formulas, slopes, floats; and how their answers are compared."""
