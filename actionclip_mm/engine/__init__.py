"""What the runner uses besides model and data."""

from .hooks import *
from .optimizers import *
from .safetensors_loader import load_from_safetensors
from .strategies import *
