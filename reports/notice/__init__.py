"""The notice: from events to its blocks."""
