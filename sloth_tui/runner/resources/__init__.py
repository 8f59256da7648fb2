"""What tasks want to be so on a host: wanted against found, and what has to change."""
