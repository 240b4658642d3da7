"""A plan as an Excel workbook: its tables, and the statements as live formulas over them."""

from optimizer.report.workbook.write import write_workbook

__all__ = ["write_workbook"]
