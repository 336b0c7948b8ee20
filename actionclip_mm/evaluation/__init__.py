"""Metrics and the evaluator that mmaction2 lacks."""

from .complete_evaluator import CompleteEvaluator
from .order_pair_accuracy import OrderPairAccuracy

__all__ = ['CompleteEvaluator', 'OrderPairAccuracy']
