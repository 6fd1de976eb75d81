"""Holds the texts of `explain`; what a key means is said by the configuration itself."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

EXPLAIN_TEXTS: Final[dict[str, Text]] = {
    "explain.type": Text("type", "tipo"),
    "explain.default": Text("default", "padrão"),
    "explain.range": Text("range", "limites"),
    "explain.unit": Text("unit", "unidade"),
    "explain.per_camera": Text("per camera", "por câmera"),
    "explain.formerly": Text("formerly", "nome antigo"),
    "explain.example": Text("example", "exemplo"),
    "explain.required": Text("none, it is required", "nenhum, é obrigatória"),
    "explain.none": Text("none", "nenhum"),
    "explain.span": Text("{low} to {high}", "de {low} a {high}"),
    "explain.yes": Text("yes", "sim"),
    "explain.no": Text("no", "não"),
    "explain.of_camera": Text(
        "{key} wins over this one, for its camera",
        "{key} tem precedência, para a sua câmera",
    ),
    "explain.kind.section": Text("section", "seção"),
    "explain.kind.section_or_word": Text(
        "section, or one word: {choices}", "seção, ou uma palavra: {choices}"
    ),
    "explain.kind.sections": Text("list of sections", "lista de seções"),
    "explain.kind.texts": Text("list of texts", "lista de textos"),
    "explain.kind.points": Text("list of points", "lista de pontos"),
    "explain.kind.duration": Text(
        "duration with its unit: 500ms, 30s, 5m, 1m30s",
        "duração com unidade: 500ms, 30s, 5m, 1m30s",
    ),
    "explain.kind.choice": Text("one of {choices}", "uma destas: {choices}"),
    "explain.kind.integer": Text("whole number", "número inteiro"),
    "explain.kind.number": Text("number", "número"),
    "explain.kind.flag": Text("true or false", "true ou false"),
    "explain.kind.url": Text("URL", "URL"),
    "explain.kind.text": Text("text", "texto"),
    "explain.kind.text_or_file": Text(
        "text, or file:PATH of a file that holds it", "texto, ou file:CAMINHO de um arquivo com ele"
    ),
    "explain.unit.bytes": Text("bytes", "bytes"),
    "explain.unit.megabytes": Text("MB", "MB"),
    "explain.unit.percent": Text("percent", "por cento"),
    "explain.unit.pixels": Text("pixels", "pixels"),
    "explain.unit.frames_per_second": Text("frames per second", "frames por segundo"),
    "explain.hint": Text(
        "A name with a colon is a section: edge-video explain amqp lists its keys.",
        "Um nome com dois-pontos é uma seção: edge-video explain amqp lista as chaves.",
    ),
    "explain.unknown": Text(
        "there is no key {key}; edge-video explain lists the sections",
        "a chave {key} não existe; edge-video explain lista as seções",
    ),
    "explain.similar": Text(
        "there is no key {key}; did you mean {similar}?",
        "a chave {key} não existe; você quis dizer {similar}?",
    ),
}
