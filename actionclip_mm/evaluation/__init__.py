"""Metrics and the evaluator that mmaction2 lacks."""

from .average_precision import DEFINITIONS, ClassPrecision, class_precision, mean_of_classes
from .calibration import auroc, expected_calibration_error, fit_temperature
from .charades_map import CharadesMAP
from .class_table import ClassRow, class_rows, read_class_rows, write_class_rows
from .complete_evaluator import CompleteEvaluator
from .dumped_scores import read_dump
from .order_pair_accuracy import OrderPairAccuracy
from .video_scores import VideoScores, VideoScoresFile, read_video_scores

__all__ = [
    'auroc',
    'DEFINITIONS',
    'CharadesMAP',
    'ClassPrecision',
    'ClassRow',
    'class_precision',
    'class_rows',
    'CompleteEvaluator',
    'expected_calibration_error',
    'fit_temperature',
    'mean_of_classes',
    'OrderPairAccuracy',
    'read_class_rows',
    'read_dump',
    'read_video_scores',
    'VideoScores',
    'VideoScoresFile',
    'write_class_rows',
]
