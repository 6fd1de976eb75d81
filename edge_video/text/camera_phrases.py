"""Holds the phrases of why a camera failed: its answers, FFmpeg, and the limits of both.

See `edge_video.text.phrases`.
"""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

CAMERA_PHRASES: Final[tuple[Text, ...]] = (
    Text(
        "it redirects ({status}) and does not say where",
        "ela redireciona ({status}) e não diz para onde",
    ),
    Text("the stream ended", "o stream terminou"),
    Text("the stream ended before its first frame", "o stream terminou antes do primeiro frame"),
    Text("the camera closed the connection", "a câmera fechou a conexão"),
    Text("killed by {signal}", "encerrado à força por {signal}"),
    Text("ended by a signal", "encerrado por um sinal"),
    Text("signal {number}", "sinal {number}"),
    Text("{used} MB, allowed are {limit} MB", "{used} MB, o permitido são {limit} MB"),
    Text(
        "{used}% of a core, allowed are {limit}%", "{used}% de um núcleo, o permitido são {limit}%"
    ),
    Text(
        "FFmpeg was refused memory, allowed are {limit} MB",
        "memória negada ao FFmpeg, o permitido são {limit} MB",
    ),
    Text(
        "the kernel ended FFmpeg, allowed are {limit} MB",
        "o kernel encerrou o FFmpeg, o permitido são {limit} MB",
    ),
    Text(
        "held back {share} of the time, allowed are {limit}% of a core",
        "contido {share} do tempo, o permitido são {limit}% de um núcleo",
    ),
    Text("{path}: it is not delegated to this program", "{path}: não foi delegado a este programa"),
    Text("{path}: it has no controller {names}", "{path}: não tem o controlador {names}"),
    Text("{path}: this user may not write to it", "{path}: este usuário não pode escrever nele"),
    Text(
        "{path}: another program is in it (pid {pid})",
        "{path}: outro programa está nele (processo {pid})",
    ),
    Text("this machine has no cgroup v2", "esta máquina não tem cgroup na versão 2"),
    Text("FFmpeg said nothing", "o FFmpeg não disse nada"),
    Text("{url}: no answer", "{url}: sem resposta"),
    Text("{url}: the camera hung up", "{url}: a câmera encerrou a conexão"),
    Text(
        "video is announced, and none came that can be decoded",
        "vídeo é anunciado, e não veio nenhum que possa ser decodificado",
    ),
    Text(
        "the configured ffmpeg, {path}, is no executable file",
        "o ffmpeg configurado, {path}, não é um arquivo executável",
    ),
    Text(
        "there is no FFmpeg: not on PATH, and the imageio-ffmpeg package has none for this machine;"
        " install ffmpeg, or set `ffmpeg:` in the configuration to its path",
        "não há FFmpeg: nem no PATH, nem no pacote imageio-ffmpeg para esta máquina; instale o"
        " ffmpeg, ou informe o caminho em `ffmpeg:` na configuração",
    ),
    Text("{path} does not run: {error}", "{path} não executa: {error}"),
    Text(
        "{path} is no FFmpeg: it does not answer -version as one",
        "{path} não é o FFmpeg: não responde a -version como tal",
    ),
    Text("{path}: no such file, or not executable", "{path}: não existe, ou não é executável"),
    Text("one JPEG image, and the end", "uma imagem JPEG, e o fim"),
    Text(
        "a stream of pictures (multipart): leave mode: snapshot out",
        "um stream de imagens (multipart): retire mode: snapshot",
    ),
    Text("HTTP status {status}", "status HTTP {status}"),
    Text("an empty answer", "uma resposta vazia"),
    Text(
        "an image that is cut: {size} bytes without an end",
        "uma imagem cortada: {size} bytes sem fim",
    ),
    Text("a PNG image", "uma imagem PNG"),
    Text("a GIF image", "uma imagem GIF"),
    Text("a BMP image", "uma imagem BMP"),
    Text("a WebP image", "uma imagem WebP"),
    Text("an AVIF or HEIC image", "uma imagem AVIF ou HEIC"),
    Text("video", "vídeo"),
    Text(
        "{size} bytes, no JPEG image in them; Content-Type: {kind}",
        "{size} bytes, sem imagem JPEG neles; Content-Type: {kind}",
    ),
    Text("more than {size} bytes", "mais de {size} bytes"),
    Text("it redirects to another host", "redireciona para outro host"),
    Text("it redirects to another port", "redireciona para outra porta"),
    Text("it redirects out of TLS, to http:", "redireciona para fora do TLS, para http:"),
    Text("no whole answer within stall_timeout", "nenhuma resposta completa em stall_timeout"),
    Text("it hung up", "ela desligou"),
    Text(
        "it hung up before the picture was whole",
        "ela desligou antes de a foto estar completa",
    ),
    Text("it does not answer in HTTP: {words}", "não responde em HTTP: {words}"),
    Text(
        "the name server has not answered yet",
        "o servidor DNS ainda não respondeu",
    ),
    Text("HTML without a word", "HTML sem texto"),
    Text("it says: {words}", "diz: {words}"),
    Text(
        "no frame for {seconds} s, though data arrive",
        "nenhum frame há {seconds} s, embora cheguem dados",
    ),
    Text("no frame for {seconds} s", "nenhum frame há {seconds} s"),
    Text("exit status {status}", "código de saída {status}"),
    Text("no picture came", "nenhuma imagem veio"),
    Text("no picture came: {why}", "nenhuma imagem veio: {why}"),
    Text("its trial goes on", "o teste continua"),
    Text(
        "the device does not decode this stream, and FFmpeg went over to the CPU",
        "o dispositivo não decodifica este stream, e o FFmpeg passou para a CPU",
    ),
    Text(
        "this FFmpeg was built without {name}; it has {known}",
        "este FFmpeg foi compilado sem {name}; tem {known}",
    ),
    Text(
        "this FFmpeg has no hardware that is known here; it has {known}",
        "este FFmpeg não tem hardware conhecido aqui; tem {known}",
    ),
    Text("no end within {seconds} s", "não terminou em {seconds} s"),
    Text("no frame in {seconds} s", "nenhum frame em {seconds} s"),
    Text(
        "data came for {seconds} s, and no key frame in them; they came every {interval} s",
        "chegaram dados por {seconds} s, sem nenhum frame-chave; eles vinham a cada {interval} s",
    ),
    Text(
        "data came for {seconds} s, and no key frame in them; the limit is key_frame_timeout",
        "chegaram dados por {seconds} s, sem nenhum frame-chave; o limite é key_frame_timeout",
    ),
    Text(
        "data came for {seconds} s, and no key frame in them",
        "chegaram dados por {seconds} s, sem nenhum frame-chave",
    ),
    Text(
        "data came, and no key frame in {seconds} s",
        "chegaram dados, e nenhum frame-chave em {seconds} s",
    ),
    Text(
        "{word}: is no source; write file:NAME if it is a file's name",
        "{word}: não é uma fonte; escreva file:NOME se é o nome de um arquivo",
    ),
    Text("Content-Type: {media_type}", "Content-Type: {media_type}"),
    Text("MD5-sess without qop", "MD5-sess sem qop"),
    Text("no WWW-Authenticate in its answer", "sem WWW-Authenticate na resposta"),
    Text(
        "quotation marks or backslashes in its challenge",
        "aspas ou barras invertidas no desafio dela",
    ),
    Text(
        "FFmpeg cannot read its challenge: {challenge}",
        "o FFmpeg não consegue ler o desafio dela: {challenge}",
    ),
    Text(
        "a {name} of more than {most} characters",
        "um {name} de mais de {most} caracteres",
    ),
    Text("it redirects to a {scheme}: address", "redireciona para um endereço {scheme}:"),
    Text("it redirects, again and again", "redireciona, sem parar"),
    Text("the port speaks TLS: write rtsps://", "a porta usa TLS: escreva rtsps://"),
    Text("the port answers: {answer}", "a porta responde: {answer}"),
    Text(
        "the port speaks RTSP without TLS: write rtsp://",
        "a porta usa RTSP sem TLS: escreva rtsp://",
    ),
    Text("timed out", "tempo esgotado"),
    Text("it answers, and sends no video", "responde, e não envia vídeo"),
    Text(
        "it hangs up when it is asked for the stream",
        "desliga quando se pede o stream",
    ),
    Text(
        "the pictures changed from {before} to {after}",
        "as imagens mudaram de {before} para {after}",
    ),
    Text(
        "{megabytes} MB without an image in {seconds} s",
        "{megabytes} MB sem nenhuma imagem em {seconds} s",
    ),
    Text(
        "in {seconds} s: {frames} images of {size} bytes, {megabytes} MB of no image",
        "em {seconds} s: {frames} imagens de {size} bytes, {megabytes} MB que não são imagem",
    ),
)
