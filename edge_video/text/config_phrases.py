"""Holds the phrases of what is wrong with a configuration, and of its notes. See `phrases`."""

from __future__ import annotations

from typing import Final

from edge_video.text.file_phrases import FILE_PHRASES
from edge_video.text.language import Text
from edge_video.text.url_phrases import URL_PHRASES

_PICTURE: Final = (
    Text(
        "an option and its value are two items of the list, as in [-rtsp_flags, prefer_tcp]",
        "uma opção e seu valor são dois itens da lista, como em [-rtsp_flags, prefer_tcp]",
    ),
    Text(
        "a word in it follows no option: FFmpeg would write a file of that name; options begin"
        " with -",
        "uma palavra não segue nenhuma opção: o FFmpeg gravaria um arquivo com esse nome; opções"
        " começam com -",
    ),
    Text(
        "it is empty; write a value, or leave the key out",
        "está vazio; escreva um valor, ou retire a chave",
    ),
    Text(
        "{value} is not between 0 and 1: places in the picture are shares of its width and height,"
        " whatever its size, and no pixels; 0.5 is the middle",
        "{value} não está entre 0 e 1: posições na imagem são frações da largura e da altura dela,"
        " seja qual for o tamanho, e não pixels; 0.5 é o meio",
    ),
    Text(
        "a point is two numbers, from the left and from the top: [0.25, 0.5]",
        "um ponto são dois números, a partir da esquerda e do alto: [0.25, 0.5]",
    ),
    Text(
        "it has {count} points; a mask has the corners of an area, 3 or more",
        "tem {count} pontos; uma máscara tem os cantos de uma área, 3 ou mais",
    ),
    Text(
        "it has {count} points; {most} are the most: draw several masks",
        "tem {count} pontos; o máximo é {most}: desenhe várias máscaras",
    ),
    Text(
        "its outline runs along lines, there and back: that covers nothing",
        "o contorno vai e volta pelas mesmas linhas: isso não cobre nada",
    ),
    Text(
        "all points are on one line: that covers nothing",
        "todos os pontos estão na mesma linha: isso não cobre nada",
    ),
    Text("there are {count} masks; {most} are the most", "há {count} máscaras; o máximo é {most}"),
    Text(
        "{start} and {length} make {end} together: the part ends outside of the picture, which"
        " ends at 1",
        "{start} e {length} somam {end}: o recorte termina fora da imagem, que acaba em 1",
    ),
    Text(
        "with mode: passthrough the camera's own images are published, whole; leave mode out, or"
        " let the camera itself do it",
        "com mode: passthrough são publicadas as imagens da própria câmera, inteiras; retire"
        " mode: passthrough ou deixe que a própria câmera faça isso",
    ),
)
_VALUES: Final = (
    Text(
        "{key}: it cannot be set here; known are {known}",
        "{key}: não pode ser definida aqui; as conhecidas são {known}",
    ),
    Text(
        "{key}: another address needs it anew; it goes to nobody whom it was not meant for",
        "{key}: outro endereço exige informá-la de novo; ela não vai a quem não se destinava",
    ),
    Text(
        "input_args: they may hold secrets, so only the file gives them another address",
        "input_args: podem conter segredos, por isso só o arquivo lhes dá outro endereço",
    ),
    Text("{key}: it must be a single value", "{key}: deve ser um único valor"),
    Text(
        "{key}: it holds {mask}, which only stands for a secret",
        "{key}: contém {mask}, que só representa um segredo",
    ),
    Text("it is empty", "está vazio"),
    Text(
        "pictures are compared by Pillow, which is not installed: pip install"
        " 'edge-video[pictures]'",
        "as imagens são comparadas com o Pillow, que não está instalado: pip install"
        " 'edge-video[pictures]'",
    ),
    Text(
        "hours are written like 07:00-19:00, several with a comma between them",
        "escreva os horários como 07:00-19:00, vários separados por vírgula",
    ),
    Text("a day is opened {count} times at most", "um dia abre no máximo {count} vezes"),
    Text("a day ends at 24:00", "o dia termina às 24:00"),
    Text(
        "it ends when it begins; a whole day is 00:00-24:00",
        "termina quando começa; o dia inteiro é 00:00-24:00",
    ),
    Text(
        "{day} has its hours from another key, too", "{day} recebe horários também de outra chave"
    ),
    Text(
        "it has no hours on any day; for a camera that never runs: enabled: false",
        "não há horário em nenhum dia; para uma câmera que nunca transmite: enabled: false",
    ),
    Text(
        "this machine knows no time zones; install its package tzdata, or the Python package"
        " tzdata beside edge-video",
        "esta máquina não conhece fusos horários; instale o pacote tzdata dela, ou o pacote"
        " Python tzdata junto do edge-video",
    ),
    Text(
        'there is no such time zone; did you mean "{close}"?',
        'esse fuso horário não existe; você quis dizer "{close}"?',
    ),
    Text(
        "there is no such time zone; America/Sao_Paulo is one",
        "esse fuso horário não existe; um que existe é America/Sao_Paulo",
    ),
    Text(
        "the package Pillow is not installed: pip install 'edge-video[pictures]'",
        "o pacote Pillow não está instalado: pip install 'edge-video[pictures]'",
    ),
    Text("there is no such profile; known: {names}", "esse perfil não existe; existem: {names}"),
    Text(
        "none stands for no profile; call it otherwise",
        "none significa nenhum perfil; dê outro nome",
    ),
    Text(
        "a profile's name is letters, digits, _ and -, 64 at most",
        "o nome de um perfil tem letras, algarismos, _ e -, no máximo 64",
    ),
    Text(
        "it is the id of a camera, or how ids begin, like centro.*",
        "é o id de uma câmera, ou como os ids começam, como centro.*",
    ),
    Text(
        "profiles.{name}: no camera is called {pattern}",
        "profiles.{name}: nenhuma câmera se chama {pattern}",
    ),
    Text("it is required: {what}", "é obrigatório: {what}"),
    Text("set it", "defina-o"),
    Text("a list of at least one camera", "uma lista com ao menos uma câmera"),
    Text("the camera's name", "o nome da câmera"),
    Text(
        "where the camera's stream is, like rtsp://10.0.0.5:554/stream",
        "onde está o stream da câmera, como rtsp://10.0.0.5:554/stream",
    ),
    Text("it needs the key type: amqp or directory", "precisa da chave type: amqp ou directory"),
    Text("{value} is not between {low} and {high}", "{value} não está entre {low} e {high}"),
    Text("its limits", "seus limites"),
    Text(
        "{value} is text because of its quotes; write it without them",
        "{value} é texto por causa das aspas; escreva sem elas",
    ),
    Text("this value cannot be used here", "este valor não pode ser usado aqui"),
    Text("{value} is not a whole number", "{value} não é um número inteiro"),
    Text("{value} is not a number", "{value} não é um número"),
    Text("{value} is neither true nor false", "{value} não é true nem false"),
    Text(
        '{value} is not one of {known}; did you mean "{close}"?',
        '{value} não é um destes: {known}; você quis dizer "{close}"?',
    ),
    Text("{value} is not one of {known}", "{value} não é um destes: {known}"),
    Text("this", "isto"),
    Text(
        'there is a user name without a password; set password as well (an empty one is "")',
        'há um usuário sem senha; defina password também (uma vazia é "")',
    ),
    Text(
        "its user name or its password has a NUL in it (%00 in a URL), with which FFmpeg cannot"
        " log in; write it anew",
        "o nome de usuário ou a senha tem um caractere nulo (%00 em uma URL), com o qual o FFmpeg"
        " não consegue entrar; escreva de novo",
    ),
    Text(
        "a duration is text like 30s, 5m or 500ms",
        "uma duração é um texto como 30s, 5m ou 500ms",
    ),
    Text(
        "{value} has no unit; write {seconds}, {milliseconds} or {minutes}",
        "{value} está sem unidade; escreva {seconds}, {milliseconds} ou {minutes}",
    ),
    Text(
        "a duration is a number of seconds, zero or more",
        "uma duração é um número de segundos, zero ou mais",
    ),
    Text(
        "a duration is empty; write it like 500ms, 30s, 5m or 1m30s",
        "uma duração está vazia; escreva como 500ms, 30s, 5m ou 1m30s",
    ),
    Text(
        "a duration of {size} characters is too long; {examples}",
        "uma duração de {size} caracteres é longa demais; {examples}",
    ),
    Text("{value} is negative; {examples}", "{value} é negativo; {examples}"),
    Text("{value} is not a duration; {examples}", "{value} não é uma duração; {examples}"),
    Text(
        "{value} has no unit after {number}; {examples}",
        "{value} está sem unidade depois de {number}; {examples}",
    ),
    Text(
        "{value} has an unknown unit {unit}; use ns, us, ms, s, m or h: {examples}",
        "{value} tem uma unidade desconhecida, {unit}; use ns, us, ms, s, m ou h: {examples}",
    ),
    Text(
        "write it like 500ms, 30s, 5m or 1m30s",
        "escreva como 500ms, 30s, 5m ou 1m30s",
    ),
    Text(
        "{value} is below {shortest}; 0s means never",
        "{value} é menos que {shortest}; 0s significa nunca",
    ),
    Text(
        "it contains a line break or another control character",
        "contém uma quebra de linha ou outro caractere de controle",
    ),
    Text("it has {size} bytes; AMQP allows {most}", "tem {size} bytes; o AMQP permite {most}"),
    Text(
        "* and # are wildcards of bindings; a frame's own routing key has none",
        "* e # são curingas de bindings; a routing key de um frame não os tem",
    ),
    Text("it contains a space", "contém um espaço"),
    Text(
        "it must be 1 to {most} characters without spaces",
        "deve ter de 1 a {most} caracteres, sem espaços",
    ),
    Text(
        "it must be six pairs of hexadecimal digits: 00:11:22:33:44:55",
        "devem ser seis pares de dígitos hexadecimais: 00:11:22:33:44:55",
    ),
    Text(
        "it begins with a -, as an option does; further options go to input_args",
        "começa com -, como uma opção; outras opções vão em input_args",
    ),
    Text(
        "it must be 1 to 64 of the characters A-Z a-z 0-9 . _ - and begin with a letter, a digit or"
        " _, because it becomes the name of directories and of routing keys",
        "deve ter de 1 a 64 dos caracteres A-Z a-z 0-9 . _ - e começar com uma letra, um dígito ou"
        " _, porque se torna nome de diretórios e de routing keys",
    ),
    Text("it is a directory; name a file in it", "é um diretório; informe um arquivo dentro dele"),
    Text("there is no file {path}", "não há arquivo {path}"),
    Text("{path} is no regular file", "{path} não é um arquivo comum"),
    Text(
        "the file {path} may not be read by this user",
        "o arquivo {path} não pode ser lido por este usuário",
    ),
    Text(
        "there is no program {path}; leave the key out to use ffmpeg from PATH",
        "não há programa {path}; retire a chave para usar o ffmpeg do PATH",
    ),
    Text(
        "it is neither a size (10 MB), nor an age (1 day), nor a time of day (00:00), nor a weekday"
        " (monday at 12:00)",
        "não é um tamanho (10 MB), nem uma idade (1 day), nem um horário (00:00), nem um dia da"
        " semana (monday at 12:00)",
    ),
    Text(
        "a umask is three octal digits: 027 keeps others out, 077 the group as well",
        "uma umask tem três dígitos octais: 027 exclui os outros, 077 também o grupo",
    ),
    Text(
        "{pixels} is odd; most encoders need an even number",
        "{pixels} é ímpar; a maioria dos codificadores precisa de um número par",
    ),
)

_PARTS: Final = (
    Text(
        "a key needs its certificate: set cert as well",
        "uma chave precisa do certificado: defina cert também",
    ),
    Text(
        "amqp.tls.verify is false: any broker's certificate is accepted",
        "amqp.tls.verify é false: qualquer certificado de broker é aceito",
    ),
    Text("amqp.url is not set", "amqp.url não está definido"),
    Text(
        "amqp.url names one broker and amqp.urls names them all: keep one of the two",
        "amqp.url indica um broker e amqp.urls indica todos: fique com um dos dois",
    ),
    Text(
        "it is the broker of amqp.urls[{number}] again", "é de novo o broker de amqp.urls[{number}]"
    ),
    Text(
        "amqp has a password without a username: guest is tried with it",
        "amqp tem senha sem username: guest é tentado com ela",
    ),
    Text(
        "it takes effect only with a URL that begins with amqps://",
        "só tem efeito com uma URL que começa com amqps://",
    ),
    Text("{value} is less than {key} ({least})", "{value} é menos que {key} ({least})"),
    Text("{value} is not more than {key} ({least})", "{value} não é mais que {key} ({least})"),
    Text(
        "only http:// and https:// cameras are asked through a proxy",
        "só câmeras http:// e https:// são acessadas por um proxy",
    ),
    Text(
        "camera {camera_id} has a password without a username: most cameras ask for both",
        "a câmera {camera_id} tem senha sem username: a maioria das câmeras pede os dois",
    ),
    Text(
        "the FFmpeg of camera {camera_id} may use {size} MB: that is too little for most cameras",
        "o FFmpeg da câmera {camera_id} pode usar {size} MB: é pouco demais para a maioria das"
        " câmeras",
    ),
    Text(
        "hwaccel of camera {camera_id} changes nothing: a test source is not decoded",
        "hwaccel da câmera {camera_id} não muda nada: uma fonte de teste não é decodificada",
    ),
    Text(
        "hwaccel of camera {camera_id} changes nothing: with keyframes_only the CPU decodes in the"
        " place of {hwaccel}",
        "hwaccel da câmera {camera_id} não muda nada: com keyframes_only a CPU decodifica no lugar"
        " de {hwaccel}",
    ),
    Text(
        "jpeg_encoder of camera {camera_id} changes nothing: only vaapi and qsv make JPEG images,"
        " and its hwaccel is {hwaccel}",
        "jpeg_encoder da câmera {camera_id} não muda nada: só vaapi e qsv geram imagens JPEG, e o"
        " hwaccel dela é {hwaccel}",
    ),
    Text(
        "jpeg_encoder of camera {camera_id} changes nothing: with width and height the CPU draws"
        " the bars",
        "jpeg_encoder da câmera {camera_id} não muda nada: com width e height a CPU desenha as"
        " faixas pretas",
    ),
    Text(
        "jpeg_encoder of camera {camera_id} changes nothing: with masks, crop, rotate or mirror the"
        " CPU makes the picture",
        "jpeg_encoder da câmera {camera_id} não muda nada: com máscara, recorte, rotação ou"
        " espelhamento é a CPU que monta a imagem",
    ),
    Text(
        "it must be an address and a port, like 127.0.0.1:8080 or [::1]:8080",
        "deve ser um endereço e uma porta, como 127.0.0.1:8080 ou [::1]:8080",
    ),
    Text(
        "what stands between [ and ] is no IPv6 address",
        "o que está entre [ e ] não é um endereço IPv6",
    ),
    Text("a token has {least} to {most} characters", "um token tem de {least} a {most} caracteres"),
    Text(
        "a token is made of ASCII letters, digits and signs, without spaces",
        "um token é feito de letras, dígitos e sinais ASCII, sem espaços",
    ),
    Text(
        "it must be a host name, without scheme, port or path",
        "deve ser um nome de host, sem esquema, porta ou caminho",
    ),
    Text(
        "it is required, because listen is an address that other machines reach; set one"
        " (${{NAME}} or file:/run/secrets/...), or listen on 127.0.0.1",
        "é obrigatório, porque listen é um endereço que outras máquinas alcançam; defina um"
        " (${{NOME}} ou file:/run/secrets/...), ou use 127.0.0.1 em listen",
    ),
    Text("there must be at least one camera", "deve haver ao menos uma câmera"),
    Text(
        "it is required, because frames go to the broker; for a trial without one, write sink:"
        " directory",
        "é obrigatório, porque os frames vão para o broker; para um teste sem ele, escreva sink:"
        " directory",
    ),
    Text(
        "{camera_id} is already the id of cameras[{index}]",
        "{camera_id} já é o id de cameras[{index}]",
    ),
    Text(
        "with mode: passthrough nothing is decoded or scaled",
        "com mode: passthrough nada é decodificado ou redimensionado",
    ),
    *_PICTURE,
    Text("only with mode: snapshot", "só com mode: snapshot"),
    Text(
        "with mode: snapshot the url begins with http:// or https://",
        "com mode: snapshot a url começa com http:// ou https://",
    ),
    Text(
        "with mode: snapshot the camera's own picture is published as it is",
        "com mode: snapshot a foto da própria câmera é publicada como está",
    ),
    Text(
        "with mode: snapshot no FFmpeg runs that would read them",
        "com mode: snapshot não roda nenhum FFmpeg que os leria",
    ),
    Text(
        "snapshot needs the package httpcore, which is not installed:"
        " pip install 'edge-video[snapshot]'",
        "snapshot precisa do pacote httpcore, que não está instalado:"
        " pip install 'edge-video[snapshot]'",
    ),
    Text(
        "camera {camera_id} is asked for {fps} pictures a second: most cameras make one or two on"
        " request; set its fps",
        "são pedidas {fps} fotos por segundo à câmera {camera_id}: a maioria das câmeras faz uma ou"
        " duas por pedido; defina o fps dela",
    ),
    Text(
        "with the id of cameras[{index}] it has {size} bytes; AMQP allows 255",
        "com o id de cameras[{index}] tem {size} bytes; o AMQP permite 255",
    ),
    Text(
        "nodes share cameras by way of the broker; they need sink: amqp",
        "os nós compartilham câmeras por meio do broker; isso exige sink: amqp",
    ),
    Text(
        "with the group of the cluster it makes a queue's name of over 255 bytes",
        "com o grupo de nós ele forma um nome de fila com mais de 255 bytes",
    ),
    Text(
        "a group is 1 to 64 letters, digits, - and _",
        "um grupo tem de 1 a 64 letras, dígitos, - e _",
    ),
    Text(
        "events travel on the connection of the frames; they need sink: amqp",
        "eventos vão pela conexão dos frames; precisam de sink: amqp",
    ),
    Text(
        "{exchange} carries the frames of cameras[{index}]; events need an exchange of their own,"
        " or whoever is bound with # would get them as frames",
        "{exchange} leva os frames de cameras[{index}]; eventos precisam de um exchange próprio, ou"
        " quem estiver ligado com # os receberia como frames",
    ),
    Text(
        "with the longest id it makes keys of {size} bytes; AMQP allows 255",
        "com o id mais longo resulta em chaves de {size} bytes; o AMQP permite 255",
    ),
    Text(
        "every camera is disabled: nothing will be captured",
        "todas as câmeras estão desativadas: nada será capturado",
    ),
    Text(
        "cameras {other} and {camera_id} share the routing key {key} of exchange {exchange}:"
        " consumers can tell their frames apart only by the header camera_id",
        "as câmeras {other} e {camera_id} usam a mesma routing key {key} do exchange {exchange}:"
        " consumidores só distinguem seus frames pelo header camera_id",
    ),
    Text(
        "memory_controller: {level}_percent of max_memory_mb is {megabytes} MB, and the program"
        " alone needs about {least} MB, so {consequence}: set max_memory_mb to {enough} or more",
        "memory_controller: {level}_percent de max_memory_mb é {megabytes} MB, e só o programa"
        " precisa de cerca de {least} MB, então {consequence}: defina max_memory_mb como {enough}"
        " ou mais",
    ),
    Text("frames would be dropped for ever", "frames seriam descartados para sempre"),
    Text("the level would be CRITICAL for ever", "o nível seria CRÍTICO para sempre"),
    Text("the level would be WARNING for ever", "o nível seria ALERTA para sempre"),
)

_COMMANDS: Final = (
    Text(
        "a key has {low} to {high} characters; openssl rand -hex 32 makes one",
        "uma chave tem de {low} a {high} caracteres; openssl rand -hex 32 gera uma",
    ),
    Text(
        "a key is made of ASCII letters, digits and signs, without spaces",
        "uma chave é feita de letras, dígitos e sinais ASCII, sem espaços",
    ),
    Text(
        "it is the id of a camera, how ids begin, like centro.*, or * for all",
        "é o id de uma câmera, o começo de ids, como centro.*, ou * para todas",
    ),
    Text(
        "set user or key: one of the two says who it is",
        "defina user ou key: um dos dois diz quem é",
    ),
    Text(
        "a key needs a name, for tokens and log",
        "uma chave precisa de um nome, para os tokens e o log",
    ),
    Text("a name is of a key; the user has one", "o nome é de uma chave; o usuário já tem um"),
    Text(
        "it is empty: nobody could command anything",
        "está vazio: ninguém poderia comandar nada",
    ),
    Text("{name} is already the name of another key", "{name} já é o nome de outra chave"),
    Text(
        "commands come from the broker of the frames; they need sink: amqp",
        "os comandos vêm do broker dos frames; precisam de sink: amqp",
    ),
    Text(
        "{exchange} carries frames or events; commands need one of their own",
        "{exchange} leva frames ou eventos; os comandos precisam de um exchange próprio",
    ),
    Text(
        "with commands it is a part of routing keys: 1 to {most} of the characters"
        " A-Z a-z 0-9 . _ -, and not {every_node}",
        "com commands ele faz parte de routing keys: de 1 a {most} dos caracteres"
        " A-Z a-z 0-9 . _ -, e não {every_node}",
    ),
)

CONFIG_PHRASES: Final[tuple[Text, ...]] = (
    *(*_VALUES, *_PARTS, *_COMMANDS),
    *(*FILE_PHRASES, *URL_PHRASES),
)
