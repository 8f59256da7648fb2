"""What is on the screens. A widget is told what to show by attribute and tells news by messages."""
