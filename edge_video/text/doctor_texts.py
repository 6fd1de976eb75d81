"""Holds what `doctor` and `bundle` print: what was found, and what to do about it (`….do`)."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

_FRAME: Final[dict[str, Text]] = {
    "doctor.head": Text(
        "edge-video {version}: {file}, examined as user {user}",
        "edge-video {version}: {file}, examinado como usuário {user}",
    ),
    "doctor.looking": Text("examining …", "examinando …"),
    "doctor.check.ffmpeg": Text("FFmpeg", "FFmpeg"),
    "doctor.check.hardware": Text("decoders", "decodificação"),
    "doctor.check.broker": Text("broker", "broker"),
    "doctor.check.camera": Text("camera", "câmera"),
    "doctor.check.clock": Text("clock", "relógio"),
    "doctor.check.disk": Text("disk", "disco"),
    "doctor.check.state": Text("state", "estado"),
    "doctor.check.limits": Text("limits", "limites"),
    "doctor.check.files": Text("files", "arquivos"),
    "doctor.check.port": Text("port", "porta"),
    "doctor.check.config": Text("configuration", "configuração"),
    "doctor.sum.problem.none": Text("nothing has to be done", "nada precisa ser feito"),
    "doctor.sum.problem.one": Text("1 problem", "1 problema"),
    "doctor.sum.problem.many": Text("{count} problems", "{count} problemas"),
    "doctor.sum.hint.one": Text("1 hint", "1 sugestão"),
    "doctor.sum.hint.many": Text("{count} hints", "{count} sugestões"),
    "doctor.late": Text("no answer in time", "sem resposta a tempo"),
    "doctor.late.do": Text(
        "Run it again; if it stays so, something hangs: a network disk, a driver, a name server."
        " Give it more time with --timeout.",
        "Execute de novo; se continuar, algo está travado: um disco de rede, um driver, um servidor"
        " de nomes. Dê mais tempo com --timeout.",
    ),
    "doctor.broken": Text("could not be examined ({reason})", "não pôde ser examinado ({reason})"),
    "doctor.broken.do": Text(
        "This is a defect of edge-video: please report it with the file of edge-video bundle.",
        "Isto é um defeito do edge-video: relate-o com o arquivo de edge-video bundle.",
    ),
    "doctor.config.note": Text("{note}", "{note}"),
    "doctor.config.note.do": Text(
        "Look whether that is meant; edge-video explain KEY says what a key does.",
        "Veja se é isso mesmo; edge-video explain CHAVE diz o que uma chave faz.",
    ),
}

_FFMPEG: Final[dict[str, Text]] = {
    "doctor.ffmpeg.ok": Text(
        "version {version}, has what cameras need", "versão {version}, tem o que as câmeras exigem"
    ),
    "doctor.ffmpeg.no_zscale": Text(
        "version {version}, has what cameras need, but not the filter zscale",
        "versão {version}, tem o que as câmeras exigem, mas não o filtro zscale",
    ),
    "doctor.ffmpeg.no_zscale.do": Text(
        "Colours of cameras with unusual ranges come out more exact with an FFmpeg that has libzimg"
        " (Debian's has).",
        "Cores de câmeras com faixas incomuns saem mais exatas com um FFmpeg que tem libzimg (o do"
        " Debian tem).",
    ),
    "doctor.ffmpeg.missing": Text("{reason}", "{reason}"),
    "doctor.ffmpeg.missing.do": Text(
        "Install it (`apt install ffmpeg`), or set ffmpeg: to the path of one that runs.",
        "Instale-o (`apt install ffmpeg`), ou aponte ffmpeg: para um que funcione.",
    ),
    "doctor.ffmpeg.old": Text(
        "version {version} is older than {oldest}", "a versão {version} é anterior à {oldest}"
    ),
    "doctor.ffmpeg.old.do": Text(
        "Install FFmpeg {oldest} or later, or set ffmpeg: to the path of one.",
        "Instale o FFmpeg {oldest} ou mais novo, ou aponte ffmpeg: para um.",
    ),
    "doctor.ffmpeg.options": Text(
        "version {version} does not know {names}", "a versão {version} não conhece {names}"
    ),
    "doctor.ffmpeg.options.do": Text(
        "It was built without parts that cameras need: take the distribution's FFmpeg.",
        "Foi compilado sem partes que as câmeras exigem: use o FFmpeg da distribuição.",
    ),
    "doctor.ffmpeg.trial": Text(
        "version {version} makes no picture of a test source ({reason})",
        "a versão {version} não gera imagem de uma fonte de teste ({reason})",
    ),
    "doctor.ffmpeg.trial.do": Text(
        "Install the distribution's FFmpeg anew, or set ffmpeg: to the path of another one.",
        "Reinstale o FFmpeg da distribuição, ou aponte ffmpeg: para outro.",
    ),
    "doctor.hardware.ok": Text("{name} decodes here", "{name} decodifica aqui"),
    "doctor.hardware.encodes": Text(
        "{name} decodes here, and makes the JPEG images",
        "{name} decodifica aqui e gera as imagens JPEG",
    ),
    "doctor.hardware.card": Text(
        "{name}: {free} of {total} MB free, room for {more} more cameras of about {each} MB;"
        " configured: {cameras}, at most {most}",
        "{name}: {free} de {total} MB livres, cabem mais {more} câmeras de cerca de {each} MB;"
        " configuradas: {cameras}, no máximo {most}",
    ),
    "doctor.hardware.card_full": Text(
        "{name}: {total} MB are enough for {most} cameras of about {each} MB, and {cameras} are"
        " configured",
        "{name}: {total} MB bastam para {most} câmeras de cerca de {each} MB, e há {cameras}"
        " configuradas",
    ),
    "doctor.hardware.card_full.do": Text(
        "Give some cameras hwaccel: none, or another card by hwaccel_device. The CPU decodes those"
        " that find no room.",
        "Dê a algumas câmeras hwaccel: none, ou outra placa com hwaccel_device. A CPU decodifica"
        " as que não couberem.",
    ),
    "doctor.hardware.some": Text(
        "hardware here decodes: {names} (hwaccel)", "há hardware que decodifica: {names} (hwaccel)"
    ),
    "doctor.hardware.none": Text(
        "no hardware here decodes; the CPU does it", "nenhum hardware decodifica; a CPU faz isso"
    ),
    "doctor.hardware.auto": Text(
        "no hardware here decodes, so the CPU does it ({reason})",
        "nenhum hardware decodifica, então a CPU faz isso ({reason})",
    ),
    "doctor.hardware.auto.do": Text(
        "Set hwaccel to none, or give this user the device and its driver (group `render` for"
        " /dev/dri).",
        "Ponha hwaccel em none, ou dê a este usuário o dispositivo e o driver dele (grupo `render`"
        " para /dev/dri).",
    ),
    "doctor.hardware.fails": Text(
        "does not decode here ({reason}), so the CPU does it",
        "não decodifica aqui ({reason}), então a CPU faz isso",
    ),
    "doctor.hardware.fails.do": Text(
        "Install the driver and give this user the device (group `render` for /dev/dri), or set"
        " hwaccel to none.",
        "Instale o driver e dê a este usuário o dispositivo (grupo `render` para /dev/dri), ou"
        " ponha hwaccel em none.",
    ),
    "doctor.hardware.not_built": Text(
        "this FFmpeg does not have it, so the CPU decodes; it has {known}",
        "este FFmpeg não tem isso, então a CPU decodifica; tem {known}",
    ),
    "doctor.hardware.not_built.do": Text(
        "Change hwaccel to one that it has, or to none.",
        "Troque hwaccel por um que ele tem, ou por none.",
    ),
    "doctor.hardware.unknown": Text(
        "FFmpeg does not list them ({reason})", "o FFmpeg não os lista ({reason})"
    ),
    "doctor.hardware.unknown.do": Text(
        "Install the distribution's FFmpeg anew, or set ffmpeg: to the path of another one.",
        "Reinstale o FFmpeg da distribuição, ou aponte ffmpeg: para outro.",
    ),
}

_NETWORK: Final[dict[str, Text]] = {
    "doctor.broker.ok": Text(
        "{product}, {writable} exchanges may be written",
        "{product}, escrita em {writable} exchanges",
    ),
    "doctor.broker.ok.one": Text(
        "{product}, 1 exchange may be written", "{product}, escrita em 1 exchange"
    ),
    "doctor.broker.ok.none": Text("{product} lets this user in", "{product} aceita este usuário"),
    "doctor.broker.failed": Text("{step}: {detail}", "{step}: {detail}"),
    "doctor.broker.expired": Text(
        "its certificate has expired ({detail})", "o certificado dele expirou ({detail})"
    ),
    "doctor.broker.expired.do": Text(
        "Renew the broker's certificate; if it is good, this machine's clock is wrong:"
        " `timedatectl`.",
        "Renove o certificado do broker; se ele está válido, o relógio desta máquina está errado:"
        " `timedatectl`.",
    ),
    "doctor.broker.expires": Text(
        "its certificate ends in {days} days", "o certificado dele vence em {days} dias"
    ),
    "doctor.broker.expires.do": Text(
        "Renew it before: no frame is delivered after that.",
        "Renove antes disso: depois nenhum frame é entregue.",
    ),
    "doctor.broker.exchange_missing": Text(
        "this exchange does not exist; it is declared at the start, if this user may do so",
        "este exchange não existe; será declarado no início, se este usuário puder",
    ),
    "doctor.broker.exchange_missing.do": Text(
        "Nothing, if this user may configure it; else have it declared: `topic, durable`.",
        "Nada, se este usuário pode configurá-lo; senão peça que seja declarado: `topic, durable`.",
    ),
    "doctor.broker.frame_max": Text(
        "takes AMQP frames of {bytes} bytes only", "só aceita frames AMQP de {bytes} bytes"
    ),
    "doctor.broker.frame_max.do": Text(
        "Every picture is cut into many pieces, which costs CPU: frame_max = 131072 in"
        " rabbitmq.conf.",
        "Cada imagem é dividida em muitos pedaços, o que custa CPU: frame_max = 131072 no"
        " rabbitmq.conf.",
    ),
    "doctor.broker.heartbeat": Text("asks for no heartbeat", "não pede heartbeat"),
    "doctor.broker.heartbeat.do": Text(
        "It notices a dead connection late, and keeps its memory: heartbeat = 60 in rabbitmq.conf.",
        "Ele nota tarde uma conexão que caiu, e guarda a memória dela: heartbeat = 60 no"
        " rabbitmq.conf.",
    ),
    "doctor.camera.ok": Text(
        "sends {what}, first frame after {first}", "envia {what}, primeiro frame após {first}"
    ),
    "doctor.camera.no_ffmpeg": Text(
        "not asked, because there is no FFmpeg", "não consultadas, porque não há FFmpeg"
    ),
    "doctor.port.free": Text("free", "livre"),
    "doctor.port.ours": Text(
        "in use by a running edge-video", "em uso por um edge-video em execução"
    ),
    "doctor.port.taken": Text("another program has it", "outro programa a usa"),
    "doctor.port.taken.do": Text(
        "See which: `ss -ltnp sport = :{port}`. End it, or change http.listen.",
        "Veja qual: `ss -ltnp sport = :{port}`. Encerre-o, ou mude http.listen.",
    ),
    "doctor.port.denied": Text(
        "this user may not listen on port {port}", "este usuário não pode escutar na porta {port}"
    ),
    "doctor.port.denied.do": Text(
        "Take a port of 1024 or more in http.listen, or grant CAP_NET_BIND_SERVICE.",
        "Use uma porta a partir de 1024 em http.listen, ou conceda CAP_NET_BIND_SERVICE.",
    ),
    "doctor.port.no_address": Text(
        "no network interface here has the address {host}",
        "nenhuma placa de rede daqui tem o endereço {host}",
    ),
    "doctor.port.no_address.do": Text(
        "Change http.listen to one that this machine has (`ip addr`), or to 0.0.0.0 for all.",
        "Mude http.listen para um que esta máquina tem (`ip addr`), ou para 0.0.0.0, todos.",
    ),
}

_CLOCK: Final[dict[str, Text]] = {
    "doctor.clock.zone": Text("time zone {zone} ({offset})", "fuso horário {zone} ({offset})"),
    "doctor.clock.zone_unknown": Text(
        "the time zone {name} of TZ is not known here, so all times are UTC",
        "o fuso horário {name} de TZ não é conhecido aqui, então todas as horas são UTC",
    ),
    "doctor.clock.zone_unknown.do": Text(
        "Install the package tzdata, or correct TZ (like America/Sao_Paulo).",
        "Instale o pacote tzdata, ou corrija TZ (como America/Sao_Paulo).",
    ),
    "doctor.clock.not_synchronized": Text(
        "the kernel says that nothing keeps it in time", "o kernel diz que nada o mantém certo"
    ),
    "doctor.clock.not_synchronized.do": Text(
        "Frames carry this machine's time. Switch NTP on: `timedatectl set-ntp true`.",
        "Os frames levam a hora desta máquina. Ligue o NTP: `timedatectl set-ntp true`.",
    ),
    "doctor.clock.agree.one": Text(
        "1 camera that tells its time agrees", "1 câmera que informa a hora concorda"
    ),
    "doctor.clock.agree.many": Text(
        "{count} cameras that tell their time agree",
        "{count} câmeras que informam a hora concordam",
    ),
    **{
        f"doctor.clock.camera_{code}": Text(
            f"its clock is {{by}} {en}", f"o relógio dela está {{by}} {pt_br}"
        )
        for code, en, pt_br in (("ahead", "ahead", "adiantado"), ("behind", "behind", "atrasado"))
    },
    **{
        f"doctor.clock.camera_{code}.do": Text(
            "Frames carry this machine's time, so nothing is lost; set the camera's NTP server all"
            " the same, or its own recordings cannot be matched.",
            "Os frames levam a hora desta máquina, então nada se perde; mesmo assim configure o"
            " servidor NTP da câmera, ou as gravações dela não batem.",
        )
        for code in ("ahead", "behind")
    },
    **{
        f"doctor.clock.machine_{code}": Text(
            f"this machine is {{by}} {en}, say {{wrong}} of {{asked}} cameras that tell their time",
            f"esta máquina está {{by}} {pt_br}, dizem {{wrong}} de {{asked}} câmeras que informam a"
            " hora",
        )
        for code, en, pt_br in (("ahead", "ahead", "adiantada"), ("behind", "behind", "atrasada"))
    },
    **{
        f"doctor.clock.machine_{code}.do": Text(
            "Frames carry this machine's time: `timedatectl set-ntp true`, and look at `date`. If"
            " it is right, the cameras are wrong: set their NTP server.",
            "Os frames levam a hora desta máquina: `timedatectl set-ntp true`, e veja `date`. Se"
            " estiver certa, as câmeras estão erradas: configure o servidor NTP delas.",
        )
        for code in ("ahead", "behind")
    },
}

_MACHINE: Final[dict[str, Text]] = {
    "doctor.disk.ok": Text("{free} MB free", "{free} MB livres"),
    "doctor.disk.full": Text(
        "only {free} MB free, less than {least} MB", "só {free} MB livres, menos que {least} MB"
    ),
    "doctor.disk.full.do": Text(
        "Make room (`du -xh --max-depth=2 /` shows where it went), or lower sink.keep and"
        " log.retention.",
        "Libere espaço (`du -xh --max-depth=2 /` mostra onde está), ou reduza sink.keep e"
        " log.retention.",
    ),
    "doctor.disk.no_files": Text(
        "there is room for {free} more files only (inodes)",
        "só cabem mais {free} arquivos (inodes)",
    ),
    "doctor.disk.no_files.do": Text(
        "Delete small files that nobody needs (`df -i` shows the file system), or lower sink.keep.",
        "Apague arquivos pequenos que ninguém usa (`df -i` mostra o sistema de arquivos), ou reduza"
        " sink.keep.",
    ),
    "doctor.disk.read_only": Text("is mounted read-only", "está montado somente para leitura"),
    "doctor.disk.read_only.do": Text(
        "A disk that fails becomes so by itself: `dmesg`. Else mount it with `rw`, or change the"
        " path.",
        "Um disco que falha fica assim sozinho: `dmesg`. Senão monte com `rw`, ou mude o caminho.",
    ),
    "doctor.disk.unknown": Text(
        "does not say what room it has ({reason})", "não informa o espaço que tem ({reason})"
    ),
    "doctor.disk.unknown.do": Text(
        "Look at it with `df`; a network disk may be away.",
        "Veja com `df`; um disco de rede pode estar fora.",
    ),
    "doctor.place.no_directory": Text("{place} is no directory", "{place} não é um diretório"),
    "doctor.place.no_directory.do": Text(
        "Change the path in the configuration, or move {place} away.",
        "Mude o caminho na configuração, ou mova {place} de lá.",
    ),
    "doctor.place.not_writable": Text(
        "this user may not write to {place}", "este usuário não pode gravar em {place}"
    ),
    "doctor.place.not_writable.do": Text(
        "Give it to the user of edge-video (`chown`); with systemd:"
        " `StateDirectory=`, `ReadWritePaths=`.",
        "Dê-o ao usuário do edge-video (`chown`); com systemd:"
        " `StateDirectory=`, `ReadWritePaths=`.",
    ),
    "doctor.limits.ok": Text(
        "{needed} of {limit} file descriptors needed",
        "{needed} de {limit} descritores de arquivo necessários",
    ),
    "doctor.limits.quota": Text(
        "the control group allows {cores} of CPU, in cores",
        "o cgroup permite {cores} de CPU, em núcleos",
    ),
    "doctor.limits.quota.do": Text(
        "edge-video probe --measure --together says whether that is enough for the cameras; the"
        " quota is set by CPUQuota= or --cpus.",
        "edge-video probe --measure --together diz se isso basta para as câmeras; a cota é definida"
        " por CPUQuota= ou --cpus.",
    ),
    "doctor.limits.cgroup": Text(
        "started like this, the program puts each FFmpeg into a control group with its limits",
        "iniciado assim, o programa põe cada FFmpeg em um cgroup com seus limites",
    ),
    "doctor.limits.rlimit": Text(
        "started like this, the program measures each FFmpeg each second, ends it beyond its"
        " limits, and the kernel refuses it memory some way above; the service of `edge-video"
        " service install` has a control group for each",
        "iniciado assim, o programa mede cada FFmpeg a cada segundo, o encerra além dos seus"
        " limites, e bem acima deles o kernel lhe nega memória; o serviço de `edge-video service"
        " install` tem um cgroup para cada",
    ),
    "doctor.limits.watch": Text(
        "the program measures each FFmpeg each second, and ends it beyond its limits",
        "o programa mede cada FFmpeg a cada segundo, e o encerra além dos seus limites",
    ),
    "doctor.limits.descriptors": Text(
        "the cameras need {needed} file descriptors, and {limit} are allowed",
        "as câmeras exigem {needed} descritores de arquivo, e {limit} são permitidos",
    ),
    "doctor.limits.descriptors.do": Text(
        "`LimitNOFILE=65536` in the service's unit, or `ulimit -Hn` in the shell that starts it.",
        "`LimitNOFILE=65536` na unit do serviço, ou `ulimit -Hn` no shell que o inicia.",
    ),
    "doctor.limits.tasks": Text(
        "the cameras need {needed} processes and threads, and {room} more are allowed",
        "as câmeras exigem {needed} processos e threads, e mais {room} são permitidos",
    ),
    "doctor.limits.tasks.do": Text(
        "`TasksMax=` in the service's unit, `--pids-limit` of the container, or `ulimit -u`.",
        "`TasksMax=` na unit do serviço, `--pids-limit` do contêiner, ou `ulimit -u`.",
    ),
    "doctor.files.one": Text(
        "1 file; nobody else reads a secret in it", "1 arquivo; ninguém mais lê um segredo nele"
    ),
    "doctor.files.ok": Text(
        "{count} files; nobody else reads a secret in them",
        "{count} arquivos; ninguém mais lê um segredo neles",
    ),
    "doctor.files.open": Text(
        "holds secrets, and every user may read it",
        "contém segredos, e todo usuário pode ler",
    ),
    "doctor.files.open.do": Text("`chmod o-r {path}`", "`chmod o-r {path}`"),
    "doctor.files.writable": Text("every user may change it", "todo usuário pode alterar"),
    "doctor.files.writable.do": Text(
        "`chmod o-w {path}`: it says which program is run.",
        "`chmod o-w {path}`: ele diz qual programa é executado.",
    ),
}

_BUNDLE: Final[dict[str, Text]] = {
    "bundle.written": Text(
        "Written: {file} ({size} KB), for this user only; secrets are masked in it.",
        "Gravado: {file} ({size} KB), só para este usuário; os segredos estão ocultos.",
    ),
    "bundle.exists": Text("{file} exists already", "{file} já existe"),
    "bundle.not_written": Text(
        "{file} cannot be written: {reason}", "não foi possível gravar {file}: {reason}"
    ),
    "bundle.no_http": Text(
        "There is no status: the configuration has no http section.",
        "Não há status: a configuração não tem a seção http.",
    ),
    "bundle.no_status": Text(
        "There is no status: {address} does not answer ({reason}).",
        "Não há status: {address} não responde ({reason}).",
    ),
    "bundle.no_log": Text(
        "There is no log file (log.file); with systemd the log is in `journalctl -u edge-video`.",
        "Não há arquivo de log (log.file); com systemd o log está em `journalctl -u edge-video`.",
    ),
    "bundle.log_unread": Text(
        "{file} cannot be read: {reason}", "não foi possível ler {file}: {reason}"
    ),
}

DOCTOR_TEXTS: Final[dict[str, Text]] = _FRAME | _FFMPEG | _NETWORK | _CLOCK | _MACHINE | _BUNDLE
