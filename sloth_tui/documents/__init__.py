"""Text of others as plain values: JSON, YAML and TOML by one set of rules, with the place of what is wrong.

What is returned holds dicts with text as keys, lists, text, integers of 64 bits, finite floats, booleans and
None, nested at most 200 deep. A key stands in a mapping once.
"""
