"""Holds the phrases of reasons and evidence: of brokers, files, clients and the machine.

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

REASON_PHRASES: Final[tuple[Text, ...]] = (*_BROKER, *_MACHINE, *_CLIENTS)
