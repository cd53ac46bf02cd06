"""What becomes of an order: its rules beforehand, and afterwards the truth about a call whose answer was lost."""
