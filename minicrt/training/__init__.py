"""Training: one step for any loop, and whole runs on a corpus that can be stopped and resumed to the same bits."""

from minicrt.training.averaging import update_average
from minicrt.training.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from minicrt.training.class_scores import (
    ClassAccuracy,
    accuracy,
    class_weights,
    confusion_matrix,
    mean_class_accuracy,
)
from minicrt.training.clip import clip_factor
from minicrt.training.configuration import BUDGETS, TrainingConfig
from minicrt.training.continuation import train_on
from minicrt.training.dynamic_evaluation import DynamicConfig, dynamic_evaluate, gradient_sizes
from minicrt.training.evaluation import CUTS, Cut, Evaluation, cut_entries, evaluate
from minicrt.training.interrupt import Interrupted
from minicrt.training.optimizers import SGD, AdamW, Optimizer, make_optimizer
from minicrt.training.progress import Bar, Lines, Progress, progress_for
from minicrt.training.recall_accuracy import recall_accuracy
from minicrt.training.run import load_run, resume, train
from minicrt.training.run_corpus import check_corpus, corpus_of_run, is_corpus_of
from minicrt.training.run_folder import RunFolder
from minicrt.training.schedules import evaluation_steps, warmup_constant, warmup_cosine
from minicrt.training.sensor_run import load_either, load_sensor_run, readings_of_run, resume_sensors, train_sensors
from minicrt.training.short_texts import fitted
from minicrt.training.step import Step, train_step
from minicrt.training.tensorboard_log import TensorBoardLog
from minicrt.training.trained import Trained
from minicrt.training.trained_sensors import TrainedSensors
from minicrt.training.trainer import Trainer
from minicrt.training.video_run import TrainedVideos, load_video_run, resume_videos, train_videos
from minicrt.training.video_trainer import (
    TrainedOnBatches,
    VideoScores,
    evaluate_video,
    score_videos,
    train_on_batches,
    video_step,
)
from minicrt.training.window import window_gradients

__all__ = [
    "BUDGETS", "CUTS", "SGD", "AdamW", "Bar", "Checkpoint", "ClassAccuracy", "Cut", "DynamicConfig", "Evaluation",
    "Interrupted", "Lines", "Optimizer", "Progress", "RunFolder", "Step", "TensorBoardLog", "Trained",
    "TrainedOnBatches", "TrainedSensors", "TrainedVideos", "Trainer", "TrainingConfig", "VideoScores", "accuracy",
    "check_corpus", "class_weights", "clip_factor", "confusion_matrix", "corpus_of_run", "cut_entries",
    "dynamic_evaluate", "evaluate", "evaluate_video", "evaluation_steps", "fitted", "gradient_sizes", "is_corpus_of",
    "load_either", "load_run", "load_sensor_run", "load_video_run", "make_optimizer", "mean_class_accuracy",
    "progress_for", "read_checkpoint", "readings_of_run", "recall_accuracy", "resume", "resume_sensors",
    "resume_videos", "score_videos", "train", "train_on", "train_on_batches", "train_sensors", "train_step",
    "train_videos", "update_average", "video_step", "warmup_constant", "warmup_cosine", "window_gradients",
    "write_checkpoint",
]
