"""What is compared with what: one cosine, aligned sequences, or sets."""

from .base_matcher import BaseMatcher, build_matcher
from .cosine_matcher import CosineMatcher
from .optimal_transport_matcher import ConceptMatcher, OptimalTransportMatcher
from .sequence_matcher import SequenceMatcher

__all__ = [
    'BaseMatcher',
    'ConceptMatcher',
    'CosineMatcher',
    'OptimalTransportMatcher',
    'SequenceMatcher',
    'build_matcher',
]
