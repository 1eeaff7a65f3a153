"""The servicer's report, however it is sent: YAML, CSV, a workbook, a rental tape; all end in the same typed report."""
