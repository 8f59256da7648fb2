"""Parse JSON, YAML and TOML into plain values by one set of rules; errors name the place.

The values are dicts with text as keys, lists, text, 64-bit integers, finite floats, booleans and None, nested
at most 200 deep. A key may occur in a mapping once.
"""
