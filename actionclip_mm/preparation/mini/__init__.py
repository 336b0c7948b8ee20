"""Generator of the mini benchmark: real mp4 clips, their lists, and captioned stills."""
