"""Sources of frames: cameras, streams, videos, folders of pictures."""
