"""Holds the texts of `discover --match` in both languages."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

MATCH_TEXTS: Final[dict[str, Text]] = {
    "match.still_there": Text("still there", "no lugar"),
    "match.moved": Text("MOVED", "MUDOU"),
    "match.not_found": Text("not found", "não encontrada"),
    "match.not_identified": Text("not identified", "não identificada"),
    "match.summary": Text(
        "still there: {still_there}, moved: {moved}, not found: {not_found},"
        " not identified: {not_identified}",
        "no lugar: {still_there}, com outro endereço: {moved}, não encontradas: {not_found},"
        " não identificadas: {not_identified}",
    ),
    "match.take_over": Text(
        "To take a new address over: change `url` in the file, then `edge-video reload`; with http"
        " and state.dir also `PATCH /api/cameras/ID` with `url`, and `password` if it has one.",
        "Para adotar um novo endereço: mude `url` no arquivo e rode `edge-video reload`; com http e"
        " state.dir também `PATCH /api/cameras/ID` com `url`, e com `password` se houver senha.",
    ),
    "match.note_it": Text(
        "the device there would be noted as {line}", "o dispositivo de lá se anotaria como {line}"
    ),
    "match.written": Text(
        "{file}: `device` noted of {names}", "{file}: `device` anotado de {names}"
    ),
    "match.not_written": Text(
        "{file}: `device` of {names} is to be written by hand",
        "{file}: o `device` de {names} deve ser escrito à mão",
    ),
    "match.no_file": Text(
        "{file} cannot be written: {reason}", "não é possível gravar {file}: {reason}"
    ),
    "match.none": Text(
        "no camera of the configuration is behind a network",
        "nenhuma câmera da configuração está em uma rede",
    ),
    "match.config_alone": Text(
        "--config, --config-dir and --write need --match",
        "--config, --config-dir e --write precisam de --match",
    ),
    "match.remark.no_identity": Text(
        "the configuration does not say which device it is (`device`)",
        "a configuração não diz qual dispositivo ela é (`device`)",
    ),
    "match.remark.several": Text(
        "several devices fit: {others}; a device.mac would tell them apart",
        "vários dispositivos servem: {others}; um device.mac os distinguiria",
    ),
    "match.remark.other_there": Text(
        "another device answers at {others}", "outro dispositivo responde em {others}"
    ),
    "match.remark.endpoint_changed": Text(
        "it calls itself {endpoint} now: change device.endpoint to that",
        "agora ela se identifica como {endpoint}: mude device.endpoint para isso",
    ),
    "match.remark.seen_only": Text(
        "its hardware address was seen at {address}; it does not answer by ONVIF",
        "o endereço de hardware dela foi visto em {address}; ela não responde por ONVIF",
    ),
    "match.remark.host_unknown": Text(
        "the name {host} stands for no address here",
        "o nome {host} não corresponde a nenhum endereço aqui",
    ),
}

MATCH_HELP_TEXTS: Final[dict[str, Text]] = {
    "discover.match": Text(
        "say where the cameras of the configuration are now, by their key `device`",
        "diz onde estão agora as câmeras da configuração, pela chave `device` delas",
    ),
    "discover.write": Text(
        "with --match: note in the file which device each camera is, where it does not say",
        "com --match: anota no arquivo qual dispositivo é cada câmera, onde ele não o diz",
    ),
    "discover.example.match": Text(
        "which cameras have another address?", "quais câmeras estão com outro endereço?"
    ),
}
"""What argparse prints; see `edge_video.text.help_texts`."""
