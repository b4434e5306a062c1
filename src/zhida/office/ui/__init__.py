"""What all pages look like: the frame and the style. Plain HTML that works without a script."""
