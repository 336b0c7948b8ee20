"""The parts of ActionCLIP's figure, one folder each; importing this registers them all."""

from .backbones import *
from .heads import *
from .losses import *
from .matchers import *
from .necks import *
from .recognizers import *
from .text import *
