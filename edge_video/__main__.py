"""`python -m edge_video`."""

import sys

from edge_video.cli import main

if __name__ == "__main__":
    sys.exit(main())
