"""What a person chose for runs of a file: values and options, and the command line of them."""
