"""Every fact that a log can hold, and the state that follows from these facts."""
