"""Holds the phrases of reasons and evidence: of brokers, files, cameras, FFmpeg and the machine.

See `edge_video.text.phrases`.
"""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

_BROKER: Final = (
    Text("connection refused by {where}", "conexão recusada por {where}"),
    Text("{where} did not answer in time", "{where} não respondeu a tempo"),
    Text("the name {host} cannot be resolved", "o nome {host} não pôde ser resolvido"),
    Text(
        "ACCESS_REFUSED: wrong user name or password",
        "ACCESS_REFUSED: usuário ou senha incorretos",
    ),
    Text(
        "{where} ended the AMQP handshake; is it a TLS port?",
        "{where} encerrou o handshake AMQP; é uma porta TLS?",
    ),
    Text(
        "{where} ended the connection during the login, without a word",
        "{where} encerrou a conexão durante o login, sem dizer por quê",
    ),
    Text(
        "closed by the broker during the login: {text}",
        "encerrada pelo broker durante o login: {text}",
    ),
    Text(
        "the broker offers no login with user name and password",
        "o broker não oferece login com usuário e senha",
    ),
    Text(
        "there is no exchange {exchange}: no node takes commands on it",
        "o exchange {exchange} não existe: nenhum nó aceita comandos nele",
    ),
    Text(
        "the broker does not let this user write this to exchange {exchange}",
        "o broker não permite que este usuário escreva isto no exchange {exchange}",
    ),
    Text("no answer of edge-video", "não é uma resposta do edge-video"),
    Text("no picture came in time", "nenhuma imagem chegou a tempo"),
    Text("there is no such camera", "essa câmera não existe"),
    Text("--url must be like {example}", "--url deve ser como {example}"),
    Text("no heartbeat from the broker", "sem heartbeat do broker"),
    Text("the configuration has changed", "a configuração mudou"),
    Text("the broker has not answered for {seconds} s", "o broker não responde há {seconds} s"),
    Text("the program ends", "o programa está encerrando"),
    Text("the broker allows no further channel", "o broker não permite mais canais"),
    Text("closed because of an error inside", "fechado por um erro interno"),
    Text(
        "the queue {queue} has not answered for {seconds} s",
        "a fila {queue} não responde há {seconds} s",
    ),
    Text("closed to begin anew", "fechado para recomeçar"),
    Text("too much waits to be done", "há trabalho demais em espera"),
    Text(
        "ACCESS_REFUSED: the user may not make a queue of its own (configure, write and read on"
        " amq.gen*)",
        "ACCESS_REFUSED: o usuário não pode criar uma fila própria (configuração, escrita e leitura"
        " em amq.gen*)",
    ),
    Text(
        "ACCESS_REFUSED: the user may not read from exchange '{exchange}'",
        "ACCESS_REFUSED: o usuário não pode ler do exchange '{exchange}'",
    ),
    Text(
        "NOT_FOUND: exchange '{exchange}' has been deleted",
        "NOT_FOUND: o exchange '{exchange}' foi excluído",
    ),
    Text(
        "ACCESS_REFUSED: the user may not declare or write to exchange '{exchange}'",
        "ACCESS_REFUSED: o usuário não pode declarar o exchange '{exchange}' nem escrever nele",
    ),
    Text(
        "ACCESS_REFUSED: the user may not write to routing key '{key}' of exchange '{exchange}'"
        " (topic permissions)",
        "ACCESS_REFUSED: o usuário não pode escrever na routing key '{key}' do exchange"
        " '{exchange}' (permissões de tópico)",
    ),
    Text(
        "ACCESS_REFUSED: exchange '{exchange}' is internal, no client may write to it",
        "ACCESS_REFUSED: o exchange '{exchange}' é interno, nenhum cliente pode escrever nele",
    ),
    Text(
        "NOT_FOUND: exchange '{exchange}' does not exist and the user may not declare it",
        "NOT_FOUND: o exchange '{exchange}' não existe e o usuário não pode declará-lo",
    ),
    Text(
        "NOT_FOUND: exchange '{exchange}' is gone, and who made it must make it again (this"
        " program would make a durable topic exchange of it)",
        "NOT_FOUND: o exchange '{exchange}' sumiu, e quem o criou deve criá-lo de novo (este"
        " programa criaria um exchange topic durável)",
    ),
    Text(
        "NOT_FOUND: exchange '{exchange}' does not exist",
        "NOT_FOUND: o exchange '{exchange}' não existe",
    ),
    Text(
        "PRECONDITION_FAILED: exchange '{exchange}' exists, but not as a durable topic exchange"
        " ({difference})",
        "PRECONDITION_FAILED: o exchange '{exchange}' existe, mas não como exchange topic durável"
        " ({difference})",
    ),
    Text(
        "PRECONDITION_FAILED: a frame of {size} bytes is larger than the broker takes (its"
        " max_message_size is {limit} bytes)",
        "PRECONDITION_FAILED: um frame de {size} bytes é maior do que o broker aceita (o"
        " max_message_size dele é de {limit} bytes)",
    ),
    Text(
        "a frame of {size} bytes is larger than the broker takes (its max_message_size is {limit}"
        " bytes)",
        "um frame de {size} bytes é maior do que o broker aceita (o max_message_size dele é de"
        " {limit} bytes)",
    ),
    Text(
        "CONTENT_TOO_LARGE: a frame is larger than the broker takes ({text})",
        "CONTENT_TOO_LARGE: um frame é maior do que o broker aceita ({text})",
    ),
    Text(
        "exchange '{exchange}' needs a channel of its own, and the broker allows {limit} per"
        " connection ({whose})",
        "o exchange '{exchange}' precisa de um canal próprio, e o broker permite {limit} por"
        " conexão ({whose})",
    ),
    Text("its channel_max", "o channel_max dele"),
    Text("the max-channels of this user", "o max-channels deste usuário"),
    Text("exchange '{exchange}': {text}", "exchange '{exchange}': {text}"),
    Text("connection closed by the broker's side", "conexão fechada pelo lado do broker"),
    Text(
        "TLS: the broker's certificate is not trusted ({why})",
        "TLS: o certificado do broker não é confiável ({why})",
    ),
    Text("verification failed", "a verificação falhou"),
    Text("TLS: the port does not speak TLS", "TLS: a porta não usa TLS"),
    Text(
        "TLS: the broker refuses the handshake; it may require a client certificate",
        "TLS: o broker recusa o handshake; talvez exija um certificado de cliente",
    ),
    Text(
        "TLS: the broker does not trust the client certificate",
        "TLS: o broker não confia no certificado do cliente",
    ),
    Text(
        "TLS: the broker ended the connection after the handshake; it may require a client"
        " certificate",
        "TLS: o broker encerrou a conexão após o handshake; talvez exija um certificado de cliente",
    ),
    Text(
        "TLS: cannot use the certificate files: {error}",
        "TLS: não é possível usar os arquivos de certificado: {error}",
    ),
    Text("the key is encrypted", "a chave está cifrada"),
    Text(
        "NOT_ALLOWED: {whose} is at its limit of channels ({limit}); fewer are used now",
        "NOT_ALLOWED: {whose} atingiu o limite de canais ({limit}); menos são usados agora",
    ),
    Text(
        "FRAME_ERROR: an AMQP frame is not understood or too large ({text})",
        "FRAME_ERROR: um frame AMQP não foi entendido ou é grande demais ({text})",
    ),
    Text(
        "closed by the broker: {text} (virtual host '{vhost}')",
        "encerrada pelo broker: {text} (virtual host '{vhost}')",
    ),
    Text("closed by the broker: {text}", "encerrada pelo broker: {text}"),
    Text(
        "NOT_ALLOWED: virtual host '{vhost}' does not exist",
        "NOT_ALLOWED: o virtual host '{vhost}' não existe",
    ),
    Text(
        "NOT_ALLOWED: {whose} is at its connection limit{most}",
        "NOT_ALLOWED: {whose} atingiu o limite de conexões{most}",
    ),
    Text(
        "NOT_ALLOWED: {whose} is at its connection limit",
        "NOT_ALLOWED: {whose} atingiu o limite de conexões",
    ),
    Text("the user", "o usuário"),
    Text("the broker's node", "o nó do broker"),
    Text("virtual host '{vhost}' is down", "o virtual host '{vhost}' está fora do ar"),
    Text(
        "NOT_ALLOWED: the user has no access to virtual host '{vhost}'",
        "NOT_ALLOWED: o usuário não tem acesso ao virtual host '{vhost}'",
    ),
    Text("virtual host '{vhost}'", "virtual host '{vhost}'"),
    Text(
        "the broker's frame_max is {limit}, and AMQP requires at least {least} bytes",
        "o frame_max do broker é {limit}, e o AMQP exige no mínimo {least} bytes",
    ),
    Text(
        "the broker's side sends what is no AMQP, or damaged on its way",
        "o lado do broker envia algo que não é AMQP, ou danificado no caminho",
    ),
    Text("connection reset by the broker", "conexão interrompida pelo broker"),
    Text("connection timed out", "o tempo da conexão se esgotou"),
    Text("connection lost: {text}", "conexão perdida: {text}"),
    Text("the broker takes no frames: {reason}", "o broker não aceita frames: {reason}"),
    Text("the broker takes no frames", "o broker não aceita frames"),
    Text("the connection was cut on request", "a conexão foi cortada a pedido"),
    Text("cut on request", "cortada a pedido"),
    Text("blocked on request", "bloqueado a pedido"),
    Text("given up", "desistência"),
    Text("internal error: {error}", "erro interno: {error}"),
    Text("pika's loop ended", "o laço do pika terminou"),
    Text("the broker offers no publisher confirms", "o broker não oferece publisher confirms"),
    Text("the broker's bytes cannot be read", "os bytes do broker não podem ser lidos"),
    Text("no confirm for {seconds} s", "sem confirmação há {seconds} s"),
    Text(
        "a frame was not confirmed for {seconds} s",
        "um frame não foi confirmado por {seconds} s",
    ),
    Text(
        "no answer about exchange '{exchange}' for {seconds} s",
        "sem resposta sobre o exchange '{exchange}' há {seconds} s",
    ),
    Text("too long for AMQP: {text}", "longo demais para o AMQP: {text}"),
    Text("the queue was deleted", "a fila foi apagada"),
    Text(
        "{who} writes here already; each program needs a directory of its own",
        "{who} já grava aqui; cada programa precisa de um diretório próprio",
    ),
    Text("another program", "outro programa"),
    Text("process {holder}", "o processo {holder}"),
)

_MACHINE: Final = (
    Text("the disk is full", "o disco está cheio"),
    Text("the disk quota is used up", "a cota de disco se esgotou"),
    Text("the file system is read-only", "o sistema de arquivos é somente leitura"),
    Text("no permission to write", "sem permissão de escrita"),
    Text(
        "is a symbolic link, which is not followed",
        "é um link simbólico, que não é seguido",
    ),
    Text("is not a directory", "não é um diretório"),
    Text(
        "is a file, or a link to nothing, where a directory is wanted",
        "é um arquivo, ou um link para nada, onde se espera um diretório",
    ),
    Text("Connection refused", "Conexão recusada"),
    Text("Connection timed out", "Tempo de conexão esgotado"),
    Text("Connection reset by peer", "Conexão interrompida pelo outro lado"),
    Text("No route to host", "Sem rota para o host"),
    Text("Network is unreachable", "Rede inacessível"),
    Text("Host is down", "O host está fora do ar"),
    Text("Broken pipe", "Canal fechado pelo outro lado"),
    Text("No such file or directory", "Arquivo ou diretório inexistente"),
    Text("Permission denied", "Permissão negada"),
    Text("Operation not permitted", "Operação não permitida"),
    Text("Is a directory", "É um diretório"),
    Text("Not a directory", "Não é um diretório"),
    Text("File exists", "O arquivo já existe"),
    Text("No space left on device", "Não há espaço no disco"),
    Text("Read-only file system", "Sistema de arquivos somente leitura"),
    Text("Disk quota exceeded", "Cota de disco excedida"),
    Text("Input/output error", "Erro de entrada/saída"),
    Text("Cannot allocate memory", "Não há memória suficiente"),
    Text("Resource temporarily unavailable", "Recurso indisponível no momento"),
    Text("Too many open files", "Arquivos abertos demais"),
    Text("Address already in use", "Endereço já em uso"),
    Text("Cannot assign requested address", "O endereço não é desta máquina"),
    Text("Address family not supported by protocol", "Família de endereços não suportada"),
    Text("can't start new thread", "não é possível iniciar uma nova thread"),
    Text("a named pipe", "um pipe nomeado"),
    Text("a socket", "um socket"),
    Text("a device", "um dispositivo"),
    Text("a block device", "um dispositivo de blocos"),
    Text(
        "it is {kind}, and must be a regular file",
        "é {kind}, e deve ser um arquivo comum",
    ),
    Text("{path} is not a writable directory", "{path} não é um diretório gravável"),
    Text("{path} is a directory", "{path} é um diretório"),
    Text("{path} may not be written", "{path} não pode ser gravado"),
    Text("{path} is a named pipe", "{path} é um pipe nomeado"),
    Text("{path} is a block device", "{path} é um dispositivo de blocos"),
    Text("{path} is a socket", "{path} é um socket"),
    Text("nobody reads this pipe or device", "ninguém lê este pipe ou dispositivo"),
    Text("not read within {seconds} s", "não foi lido em {seconds} s"),
    Text("it could not be written a moment ago", "não pôde ser gravado há pouco"),
    Text("{path} is not a regular file any more", "{path} não é mais um arquivo comum"),
    Text(
        "this process is not in /proc; is it mounted?",
        "este processo não está em /proc; /proc está montado?",
    ),
    Text("this user may not read /proc", "este usuário não pode ler /proc"),
    Text("it says nothing", "não diz nada"),
    Text("an actor ended without last words", "um ator terminou sem dizer nada"),
    Text("its thread ended without a word", "sua thread terminou sem dizer nada"),
    Text("there is no supervisor", "não há supervisor"),
    Text("{seconds} s are over", "os {seconds} s acabaram"),
    Text("the demo's own", "a da própria demonstração"),
    Text("the configuration", "a configuração"),
    Text("{what}: {path} is the file of {other}", "{what}: {path} é o arquivo de {other}"),
    Text(
        "{cameras} cameras need {needed} file descriptors, and this machine allows {limit}: raise"
        " the limit (LimitNOFILE= of the service, or ulimit -Hn)",
        "{cameras} câmeras precisam de {needed} descritores de arquivo, e esta máquina permite"
        " {limit}: aumente o limite (LimitNOFILE= do serviço, ou ulimit -Hn)",
    ),
)

_CAMERA: Final = (
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

_CLIENTS: Final = (
    Text("it must be like http://127.0.0.1:8080", "deve ser como http://127.0.0.1:8080"),
    Text(
        "a user name or password has no place in it; use --token",
        "usuário ou senha não cabem nela; use --token",
    ),
    Text("no whole answer within {seconds} s", "nenhuma resposta completa em {seconds} s"),
    Text(
        "no broker: name one with --url amqp://… or with --config FILE",
        "nenhum broker: informe um com --url amqp://… ou com --config ARQUIVO",
    ),
    Text(
        "--decode needs Pillow: pip install Pillow",
        "--decode precisa do Pillow: pip install Pillow",
    ),
    Text("it blocks publishers", "ele bloqueia quem publica"),
    Text("no camera {unknown}; there are {cameras}", "não há câmera {unknown}; existem {cameras}"),
    Text("no JSON", "não é JSON"),
    Text("too long", "longo demais"),
)

REASON_PHRASES: Final[tuple[Text, ...]] = (*_BROKER, *_MACHINE, *_CAMERA, *_CLIENTS)
