"""`python -m minicrt`"""

import sys

from minicrt.cli import main

sys.exit(main())
