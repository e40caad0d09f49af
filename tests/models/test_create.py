"""The one way to make a model: from its name and settings, a mapping, or a configuration"""

import numpy as np
import pytest

from minicrt import engines
from minicrt.errors import ConfigurationError
from minicrt.models import CRT, MODELS, CRTConfig, Transformer, TransformerConfig, create_model, model_mapping

SMALL = {"vocabulary": 7, "width": 8, "segment_length": 5}


@pytest.mark.parametrize("name", MODELS)
def test_by_name_by_mapping_and_by_configuration_it_is_the_same_model(name):
    cls, config_class = MODELS[name]
    made = [create_model(name, **SMALL), create_model(model=name, **SMALL), create_model({"model": name, **SMALL}),
            create_model({"model": name}, **SMALL), create_model(config_class(**SMALL)),
            create_model(config_class(3, width=8), vocabulary=7, segment_length=5)]
    made.append(create_model(model_mapping(made[0])))
    for model in made:
        assert type(model) is cls and model.config == made[0].config and model.engine is engines.get()


def test_without_a_name_it_is_a_crt():
    assert type(create_model(vocabulary=7)) is type(create_model({"vocabulary": 7})) is CRT
    assert create_model(vocabulary=7).config == CRTConfig(7)


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_the_engine_is_named_or_handed_over(engine):
    if engine == "numba":
        pytest.importorskip("numba")
    for given in engine, engines.get(engine):
        assert engines.name_of(create_model(vocabulary=7, engine=given).engine) == engine
        assert engines.name_of(CRT(CRTConfig(7), given).engine) == engine


WRONG = {
    "misspelt name": (lambda: create_model("ctr", vocabulary=7), "model is 'ctr', expected one of .*mean 'crt'"),
    "a number": (lambda: create_model(7), "model is an int, expected a name"),
    "None": (lambda: create_model(None, vocabulary=7), "model is None, expected a name"),
    "an array": (lambda: create_model(np.zeros(3)), "model is a ndarray, expected a name"),
    "the class": (lambda: create_model(CRT, vocabulary=7), "model is an ABCMeta, expected a name"),
    "no vocabulary": (lambda: create_model(width=6, heads=2), "the key 'vocabulary' is missing"),
    "misspelt key": (lambda: create_model(vocabulary=7, segment_lenght=5), "did you mean 'segment_length'"),
    "another model's key": (lambda: create_model("transformer", vocabulary=7, memory="gru"), "unknown key 'memory'"),
    "misspelt key beside a configuration": (lambda: create_model(CRTConfig(7), wdith=6), "did you mean 'width'"),
    "a name within a mapping": (lambda: create_model({"model": "ctr"}), "model is 'ctr'"),
    "keys that are no names": (lambda: create_model({1: 2}), "unknown key 1 in the model's configuration"),
    "engine": (lambda: create_model(vocabulary=7, engine="nunpy"), "the engine is 'nunpy', expected auto, numba or"),
    "engine that is a number": (lambda: create_model(vocabulary=7, engine=0), "the engine is 0"),
    "engine that is a module": (lambda: create_model(vocabulary=7, engine=np), "the engine is <module 'numpy'"),
    "engine of a class": (lambda: CRT(CRTConfig(7), []), r"the engine is \[\]"),
    "a mapping for a class": (lambda: CRT({"vocabulary": 7}), "CRT got a dict, expected a CRTConfig; minicrt.create_m"),
    "another model's configuration": (lambda: CRT(TransformerConfig(7)), "got a TransformerConfig, expected a CRTC"),
    "nothing": (lambda: Transformer(None), "Transformer got None, expected a TransformerConfig"),
}


@pytest.mark.parametrize("label", WRONG)
def test_what_makes_no_model_is_refused_in_one_line(label):
    make, message = WRONG[label]
    with pytest.raises(ConfigurationError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", MODELS)
def test_it_says_what_it_is(name):
    model = create_model(name, "numpy", **SMALL, dropout=0.25)
    text = repr(model)
    assert text.startswith(f"<{MODELS[name][0].__name__} of {model.size:,} parameters, engine numpy: vocabulary=7, ")
    assert "dropout=0.25" in text and "layers" not in text and "\n" not in text
    assert model.size == model.initialize(np.random.default_rng(0)).size


@pytest.mark.parametrize("settings, of_e, of_output", [
    ({"model": "crt"}, 1, 1), ({"model": "crt", "memory_span": 1}, 0.5, 1),
    ({"model": "crt", "memory": "none"}, 0.5, 1), ({"model": "transformer"}, 0.5, 1),
    ({"model": "recurrent"}, 2, 4)])
def test_embedded_words_and_an_output_matrix_start_with_the_sizes_of_their_kind(settings, of_e, of_output):
    """Deviations of the entries of e = √D E[tokens] and of √D times an untied output's, over 6,400 entries each"""
    model = create_model(settings, vocabulary=100, width=64, tied=False)
    parameters = model.initialize(np.random.default_rng(0))
    e, _ = model.embed(parameters, np.arange(100)[None], {}, None)
    assert e.std() == pytest.approx(of_e, rel=0.05)
    assert 8 * parameters["output.weight"].std() == pytest.approx(of_output, rel=0.05)
