"""How good a model is: pure functions of what it answered to labelled photos, and lines to show it; NumPy alone."""
