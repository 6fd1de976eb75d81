"""Holds the texts of `probe --measure`, and the help of its options."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

MEASURE_TEXTS: Final[dict[str, Text]] = {
    "measure.begin": Text(
        "Measuring {count} cameras for {seconds} each, one after the other …",
        "Medindo {count} câmeras por {seconds} cada, uma após a outra …",
    ),
    "measure.begin.one": Text(
        "Measuring 1 camera for {seconds} …", "Medindo 1 câmera por {seconds} …"
    ),
    "measure.begin.together": Text(
        "Measuring {count} cameras for {seconds}, all together …",
        "Medindo {count} câmeras por {seconds}, todas juntas …",
    ),
    "measure.needed": Text(
        "--seconds, --together and --uplink go with --measure",
        "--seconds, --together e --uplink valem só com --measure",
    ),
    "measure.too_many": Text(
        "--together takes at most {most} cameras, and there are {count}: name some",
        "--together aceita no máximo {most} câmeras, e há {count}: indique algumas",
    ),
    "measure.cpu": Text("CPU OF A CORE", "CPU DE UM NÚCLEO"),
    "measure.fps": Text("FRAMES/S", "FRAMES/S"),
    "measure.in": Text("IN MB/S", "ENTRADA MB/S"),
    "measure.out": Text("OUT MB/S", "SAÍDA MB/S"),
    "measure.memory": Text("MEMORY MB", "MEMÓRIA MB"),
    "measure.decoder": Text("{name} decodes its pictures.", "{name} decodifica as imagens dela."),
    "measure.decoder.cpu": Text(
        "The CPU decodes its pictures: {name} does not ({reason}).",
        "A CPU decodifica as imagens dela: {name} não funciona ({reason}).",
    ),
    "measure.decoder.none": Text(
        "The CPU decodes its pictures: no hardware here does.",
        "A CPU decodifica as imagens dela: nenhum hardware aqui faz isso.",
    ),
    "measure.ended": Text(
        "It ended after {measured}: {reason}.", "Terminou após {measured}: {reason}."
    ),
    "measure.larger": Text(
        "It sends {sent}, and {published} is published: {times} times as many pixels are decoded,"
        " and decoding is nearly all of the cost. Its substream would do.",
        "Ela envia {sent}, e {published} é publicado: são decodificados {times} vezes mais pixels,"
        " e decodificar é quase todo o custo. O substream dela bastaria.",
    ),
    "measure.faster": Text(
        "It sends {sent} frames per second, and {wanted} are published: all are decoded. A"
        " substream with fewer would do, or keyframes_only.",
        "Ela envia {sent} frames por segundo, e {wanted} são publicados: todos são decodificados."
        " Um substream com menos bastaria, ou keyframes_only.",
    ),
    "measure.hint": Text(
        "Its address is often the same with {sub} instead of {main}; edge-video discover asks the"
        " camera.",
        "O endereço dele costuma ser o mesmo com {sub} em vez de {main}; edge-video discover"
        " pergunta à câmera.",
    ),
    "measure.discover": Text(
        "edge-video discover lists a camera's streams.",
        "edge-video discover lista os streams de uma câmera.",
    ),
    "measure.short": Text(
        "Only {fps} of {wanted} frames per second came: this machine, the network or the camera"
        " does not keep up.",
        "Só vieram {fps} de {wanted} frames por segundo: esta máquina, a rede ou a câmera não"
        " acompanha.",
    ),
    "measure.together": Text(
        "Together the FFmpegs used {cpu} of a core, of {cores} cores.",
        "Juntos, os processos do FFmpeg usaram {cpu} de um núcleo, de {cores} núcleos.",
    ),
    "measure.takes": Text(
        "This machine takes about {cameras} such cameras: {resource} is used up first.",
        "Esta máquina aguenta cerca de {cameras} câmeras assim: {resource} acaba primeiro.",
    ),
    "measure.takes.one": Text(
        "This machine takes about 1 such camera: {resource} is used up first.",
        "Esta máquina aguenta cerca de 1 câmera assim: {resource} acaba primeiro.",
    ),
    "measure.takes.none": Text(
        "This machine takes no such camera: {resource} is not enough.",
        "Esta máquina não aguenta nenhuma câmera assim: {resource} não basta.",
    ),
    "measure.unknown": Text(
        "How many such cameras this machine takes cannot be told: nothing was measured.",
        "Não é possível dizer quantas câmeras assim esta máquina aguenta: nada foi medido.",
    ),
    "measure.resource.cpu": Text("CPU", "CPU"),
    "measure.resource.memory": Text("memory", "memória"),
    "measure.resource.uplink": Text("uplink", "uplink"),
    "measure.not_known": Text(
        "not known: not all cameras could be measured",
        "desconhecido: nem todas as câmeras puderam ser medidas",
    ),
    "measure.by": Text("enough for {cameras}", "basta para {cameras}"),
    "measure.of.cpu": Text(
        "{share} of {cores} cores, less the {others} that other programs use now",
        "{share} de {cores} núcleos, menos {others} que outros programas usam agora",
    ),
    "measure.of.cpu.alone": Text("{share} of {cores} cores", "{share} de {cores} núcleos"),
    "measure.of.memory": Text("{share} of {free} MB that are free", "{share} de {free} MB livres"),
    "measure.of.uplink": Text("{share} of {uplink} MB/s", "{share} de {uplink} MB/s"),
}

MEASURE_HELP_TEXTS: Final[dict[str, Text]] = {
    "option.no_rate": Text(
        "{value} is no rate in MB/s, such as 12.5", "{value} não é uma taxa em MB/s, como 12.5"
    ),
    "probe.measure": Text(
        "then run each camera that answered for some seconds, and say what it costs and how many"
        " such cameras this machine takes",
        "depois executa por alguns segundos cada câmera que respondeu e diz quanto ela custa e"
        " quantas câmeras assim esta máquina aguenta",
    ),
    "probe.seconds": Text(
        "--measure: for how long each (default 10s)", "--measure: por quanto tempo (padrão 10s)"
    ),
    "probe.together": Text(
        "--measure: all cameras side by side, not one after the other",
        "--measure: todas as câmeras ao mesmo tempo, não uma após a outra",
    ),
    "probe.uplink": Text(
        "--measure: what the network carries to the broker, in millions of bytes a second",
        "--measure: o que a rede leva até o broker, em milhões de bytes por segundo",
    ),
    "probe.example.measure": Text(
        "what the cameras cost, and how many this machine and 12.5 MB/s take",
        "quanto custam as câmeras, e quantas esta máquina e 12,5 MB/s aguentam",
    ),
}
