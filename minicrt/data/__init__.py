"""Corpora, vocabularies, token streams and synthetic memory tasks."""

from minicrt.data.catalogue import CorpusStatus, catalogue
from minicrt.data.corpora import CORPORA, Corpus, load_corpus
from minicrt.data.download import get
from minicrt.data.memory_tasks import TASKS, MemoryTask
from minicrt.data.recall import RecallTask
from minicrt.data.streams import TokenStream
from minicrt.data.unigram import unigram_perplexity
from minicrt.data.vocabulary import Vocabulary

__all__ = ["CORPORA", "Corpus", "CorpusStatus", "MemoryTask", "RecallTask", "TASKS", "TokenStream", "Vocabulary",
           "catalogue", "get", "load_corpus", "unigram_perplexity"]
