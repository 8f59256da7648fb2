"""The runs of this session, and those that go on elsewhere: started, followed, stopped."""
