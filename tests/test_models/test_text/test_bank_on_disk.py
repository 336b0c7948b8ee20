"""Banks on disk: when they are used, what invalidates them, and files that are damaged."""

import multiprocessing
import os

import pytest
import torch
from safetensors.torch import load_file, save_file

from actionclip_mm.models.text import TextPromptLabelEncoder, bank_on_disk

LABELS = [f'action {chr(97 + i)}' for i in range(10)]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(bank_on_disk.SWITCH, '1')
    monkeypatch.setenv('ACTIONCLIP_CACHE', str(tmp_path / 'cache'))
    monkeypatch.setattr(bank_on_disk, 'FEWEST', 20)
    bank_on_disk._warn.cache_clear()
    return tmp_path / 'cache' / 'text_banks'


@pytest.fixture
def warnings(monkeypatch):
    said = []
    monkeypatch.setattr(bank_on_disk, 'print_log', lambda message, *args: said.append(message))
    return said


def build(arch, **settings):
    torch.manual_seed(0)
    encoder = TextPromptLabelEncoder(
        **{**dict(labels=LABELS, templates=['{}', 'a {}'], arch=arch), **settings}
    ).eval()
    encoder.load_state_dict(encoder.state_dict())  # trained weights, as far as it knows
    encoder.calls = []
    encoder.text.register_forward_hook(lambda *args: encoder.calls.append(1))
    return encoder


@torch.no_grad()
def features(encoder):
    """Features of all classes, and whether the tower had to compute them."""
    before = len(encoder.calls)
    return encoder(), len(encoder.calls) > before


def test_the_second_process_reads_what_the_first_one_wrote(tiny_arch, folder):
    first, computed = features(build(tiny_arch))
    assert computed and len(list(folder.iterdir())) == 1
    second, computed = features(build(tiny_arch))
    assert not computed and torch.equal(first, second)
    bank = build(tiny_arch, labels=['x', 'y']).bank(LABELS)
    assert torch.equal(bank.features, first)
    assert len(list(folder.iterdir())) == 1


def change_weight(encoder):
    with torch.no_grad():
        encoder.text.token_embedding.weight[12345, 3] += 1e-6


def change_buffer(encoder):
    encoder.text.attn_mask[0, 0] = -0.0


def change_heads(encoder):
    for block in encoder.text.transformer.resblocks:
        block.attn.num_heads = 1
        block.attn.head_dim = 32


def change_epsilon(encoder):
    encoder.text.ln_final.eps = 1e-6


def change_activation(encoder):
    encoder.text.transformer.resblocks[0].mlp.gelu = torch.nn.GELU()


@pytest.mark.parametrize(
    'change', [change_weight, change_buffer, change_heads, change_epsilon, change_activation]
)
def test_another_tower_is_another_key(tiny_arch, change):
    features(build(tiny_arch))
    encoder = build(tiny_arch)
    change(encoder)
    expected = build(tiny_arch, bank=dict(disk=False))
    change(expected)
    found, computed = features(encoder)
    assert computed and torch.equal(found, features(expected)[0])


@pytest.mark.parametrize(
    'settings',
    [
        dict(labels=[*LABELS[:-1], 'another']),
        dict(labels=LABELS[::-1]),
        dict(templates=['{}', 'the {}']),
        dict(templates=['a {}', '{}']),
        dict(context=dict(type='LearnableContext', num_context=2)),
    ],
)
def test_other_texts_are_another_key(tiny_arch, folder, settings):
    features(build(tiny_arch))
    found, computed = features(build(tiny_arch, **settings))
    assert computed and len(list(folder.iterdir())) == 2
    assert torch.equal(found, features(build(tiny_arch, **settings, bank=dict(disk=False)))[0])


def test_another_tokenizer_is_another_key(tiny_arch):
    features(build(tiny_arch))
    plain = build(tiny_arch).tokenizer

    def upside_down(texts):
        return plain([text[::-1] for text in texts])

    assert features(build(tiny_arch, tokenizer=upside_down))[1]


def test_another_precision_is_another_key(tiny_arch):
    plain, _ = features(build(tiny_arch))
    for computes in (True, False):
        with torch.autocast('cpu', dtype=torch.bfloat16):
            rounded, computed = features(build(tiny_arch))
        assert computed is computes and rounded.dtype == torch.bfloat16
    assert torch.equal(features(build(tiny_arch))[0], plain)


def test_weights_that_change_in_one_process(tiny_arch):
    encoder = build(tiny_arch)
    before, _ = features(encoder)
    encoder.text.ln_final.weight.data.mul_(2)  # as weight averaging does, unseen by autograd
    encoder.eval()
    after, computed = features(encoder)
    assert computed and not torch.equal(before, after)


def damage_end(path):
    path.write_bytes(path.read_bytes()[:-7])


def damage_value(path):
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)


def damage_header(path):
    path.write_bytes(b'\x80\x04pickle' + path.read_bytes())


def empty(path):
    path.write_bytes(b'')


def replace_by_another(path):
    """A whole file of other content under this name."""
    save_file(load_file(path), path, metadata=dict(format='1'))


def wrong_shape(path):
    with bank_on_disk.safe_open(path, 'pt') as file:
        meta = file.metadata()
    save_file(dict(features=torch.ones(2, 10, 31)), path, metadata=meta)


@pytest.mark.parametrize(
    'damage', [damage_end, damage_value, damage_header, empty, replace_by_another, wrong_shape]
)
def test_damaged_files_are_computed_again(tiny_arch, folder, warnings, damage):
    first, _ = features(build(tiny_arch))
    (path,) = folder.iterdir()
    damage(path)
    again, computed = features(build(tiny_arch))
    assert computed and torch.equal(first, again)
    assert len(warnings) == 1 and str(path) in warnings[0] and 'computed again' in warnings[0]
    assert not features(build(tiny_arch))[1], 'the file was replaced'
    assert len(warnings) == 1


def test_when_nothing_is_written(tiny_arch, folder, monkeypatch):
    features(build(tiny_arch, bank=dict(disk=False)))
    features(build(tiny_arch, labels=LABELS[:9]))  # 18 sentences
    random = TextPromptLabelEncoder(LABELS, ['{}', 'a {}'], tiny_arch).eval()
    with torch.no_grad():
        random()
    trained = build(tiny_arch).train()
    trained.encode_tokens(trained.draw_tokens(torch.tensor([0, 1]))).sum().backward()
    features(trained.eval())
    build(tiny_arch)()  # with gradients
    monkeypatch.setenv(bank_on_disk.SWITCH, '0')
    features(build(tiny_arch))
    assert not folder.exists()


def test_a_folder_that_cannot_be_written(tiny_arch, folder, warnings):
    folder.parent.mkdir()
    folder.write_text('a file')
    assert features(build(tiny_arch))[1]
    features(build(tiny_arch))
    assert len(warnings) == 1 and 'not kept on disk' in warnings[0] and str(folder) in warnings[0]


def test_the_least_recently_used_are_deleted(tiny_arch, folder, monkeypatch):
    size = None
    for index, label in enumerate(['one', 'two', 'three']):
        features(build(tiny_arch, labels=[*LABELS[1:], label]))
        for path in folder.iterdir():
            size = size or path.stat().st_size
            os.utime(path, (index, index))
        monkeypatch.setattr(bank_on_disk, 'MOST_BYTES', int(2.5 * size))
    features(build(tiny_arch))
    assert len(list(folder.iterdir())) == 2
    assert not features(build(tiny_arch))[1]


def write_and_read(key, tensor, rounds, results):
    torch.set_num_threads(1)
    found = [bank_on_disk.load_or_compute(key, 8, tensor.clone) for _ in range(rounds)]
    results.put(all(torch.equal(features, tensor) for features in found))


def test_processes_that_write_and_read_one_file_at_once(folder, monkeypatch, warnings):
    key = bank_on_disk.key_of('weights', torch.zeros(2, 500, 7, dtype=torch.long), torch.float, '')
    tensor = torch.randn(2, 500, 8)
    monkeypatch.setattr(bank_on_disk, '_load', lambda *args: None)  # all write, all the time
    context = multiprocessing.get_context('fork')
    results = context.Queue()
    workers = [
        context.Process(target=write_and_read, args=(key, tensor, 20, results)) for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    monkeypatch.undo()
    monkeypatch.setenv('ACTIONCLIP_CACHE', str(folder.parent))
    monkeypatch.setattr(bank_on_disk, 'print_log', lambda message, *args: warnings.append(message))
    while any(worker.is_alive() for worker in workers):
        features = bank_on_disk.load_or_compute(key, 8, tensor.clone)
        assert torch.equal(features, tensor) and not warnings
    assert all(results.get(timeout=60) for _ in workers)
    assert [path.suffix for path in folder.iterdir()] == ['.safetensors']
