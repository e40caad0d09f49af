"""Corpora, vocabularies, token streams and synthetic memory tasks."""

from minicrt.data.catalogue import CorpusStatus, catalogue
from minicrt.data.corpora import Corpus, load_corpus
from minicrt.data.download import get
from minicrt.data.memory_tasks import TASKS, MemoryTask
from minicrt.data.recall import RecallTask
from minicrt.data.streams import TokenStream, evaluation_stream, largest_batch
from minicrt.data.texts import CORPORA
from minicrt.data.unigram import unigram_perplexity
from minicrt.data.unknown import cautions, unknown_share
from minicrt.data.vocabulary import Vocabulary

__all__ = ["CORPORA", "Corpus", "CorpusStatus", "MemoryTask", "RecallTask", "TASKS", "TokenStream", "Vocabulary",
           "catalogue", "cautions", "evaluation_stream", "get", "largest_batch", "load_corpus", "unigram_perplexity",
           "unknown_share"]
