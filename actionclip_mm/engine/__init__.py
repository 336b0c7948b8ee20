"""What the runner uses besides model and data."""

from .hooks import *
from .optimizers import *
