"""The servicer's report, however it is sent: YAML, CSV, a workbook or a rental tape.

All of them become the same typed report.
"""
