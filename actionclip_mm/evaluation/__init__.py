"""Metrics that mmaction2 lacks."""

from .order_pair_accuracy import OrderPairAccuracy

__all__ = ['OrderPairAccuracy']
