"""What every room may use: errors, values, calendars, tables, files."""
