from __future__ import annotations

from pathlib import Path

import pytest

from sciencegen.campaign.config import Config, read_config
from sciencegen.errors import RequestError


def refused(tmp_path: Path, text: str) -> str:
    path = tmp_path / "screen.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RequestError) as complaint:
        read_config(path)
    said = str(complaint.value)
    assert "\n" not in said
    assert "screen.toml" in said
    return said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[source]\nfile = "a.csv"\n[pikc]\nn = 3', "did you mean 'pick'"),
        ('[source]\nfile = "a.csv"\nmodle = "b"', "did you mean 'source.model'"),
        ('[source]\nfile = "a"\n[combine.desire.calc_qed]\nlow = 1\nhi = 2', "'combine.desire.calc_qed.high'"),
        ('[source]\nfile = "a"\n[[score]]\nname = "a"\ncomand = ["x"]', "'score.0.command'"),
        ('[source]\nfile = "a"\nmodel = "b"', "either model or file"),
        ("[source]\n", "either model or file"),
        ('seed = -1\n[source]\nfile = "a"', "seed = -1"),
        ('[source]\nfile = "a"\n[combine.desire.x]\nlow = 1', "low and high, or target and within"),
        ('[source]\nfile = "a"\n[combine.desire.x]\nlow = 1\nhigh = 1', "the same"),
        ('[source]\nfile = "a"\n[plate]\nwells = 96', "needs a [pick]"),
        ('[source]\nfile = "a"\n[plate]\nwells = 97\n[pick]', "plate.wells = 97"),
        ('[source]\nfile = "a"\n[[score]]\nname = "a b"\ncommand = ["x"]', "score.0.name = 'a b'"),
        ('[source]\nfile = "a"\n[[score]]\nname = "a"', "either properties or a command"),
        ('[source]\nfile = "a"\n' + '[[score]]\nname = "a"\ncommand = ["x"]\n' * 2, "two scores are called a"),
        ("source = ", "not a TOML file"),
    ],
)
def test_what_a_config_cannot_mean_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    assert words in refused(tmp_path, text)


def test_a_config_says_all_its_settings_again(tmp_path: Path) -> None:
    path = tmp_path / "screen.toml"
    path.write_text('[source]\nmodel = "molecules"\nwhere = { logp = "2..3", qed = 0.9 }\n[pick]\nn = 3\n')
    config = read_config(path)
    assert Config.model_validate(config.model_dump(mode="json")) == config
