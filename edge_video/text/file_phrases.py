"""Holds the phrases of what is wrong with a configuration as a file, and as YAML. See `phrases`."""

from __future__ import annotations

from typing import Final

from edge_video.text.language import Text

_FILE: Final = (
    Text(
        "it is larger than {most} KiB; is it the right file?",
        "é maior que {most} KiB; é o arquivo certo?",
    ),
    Text("this is not UTF-8 text", "isto não é texto UTF-8"),
    Text(
        "this is UTF-16 text (Unicode, as Windows calls it); save it as UTF-8",
        "isto é texto UTF-16 (Unicode, como o Windows o chama); salve-o como UTF-8",
    ),
    Text("it is not UTF-8 text", "não é texto UTF-8"),
    Text("there is no such file", "este arquivo não existe"),
    Text("this is a directory, not a file", "isto é um diretório, não um arquivo"),
    Text("this user may not read it", "este usuário não pode ler o arquivo"),
    Text("it cannot be read ({error})", "não pode ser lido ({error})"),
    Text("it cannot be read", "não pode ser lido"),
    Text(
        "it may hold passwords, and every user may read it: chmod o-r {file}",
        "pode conter senhas, e qualquer usuário pode ler: chmod o-r {file}",
    ),
    Text("this is not NAME=value and was left out", "isto não é NOME=valor e foi deixado de fora"),
    Text(
        "this is no file of a kept camera; put it aside",
        "isto não é um arquivo de câmera guardada; coloque-o à parte",
    ),
    Text(
        "it has more than {most} files; is it the right directory?",
        "tem mais de {most} arquivos; é o diretório certo?",
    ),
    Text("this directory cannot be read ({error})", "este diretório não pode ser lido ({error})"),
    Text("unknown error", "erro desconhecido"),
    Text(
        "after ${{ comes NAME}} or NAME:-default}}; for a literal ${{ write $${{",
        "depois de ${{ vem NOME}} ou NOME:-padrão}}; para um ${{ literal escreva $${{",
    ),
    Text(
        "the environment variable {name} is not set; set it, or give a default: ${{{name}:-…}}",
        "a variável de ambiente {name} não está definida; defina-a, ou dê um padrão:"
        " ${{{name}:-…}}",
    ),
    Text(
        "the environment variable {name} is empty; set it, or write ${{{name}:-}} if it may be"
        " empty",
        "a variável de ambiente {name} está vazia; defina-a, ou escreva ${{{name}:-}} se pode ser"
        " vazia",
    ),
    Text(
        "the environment variable {name} ends in a line break ({kind}); remove it where the"
        " variable is set",
        "a variável de ambiente {name} termina em uma quebra de linha ({kind}); remova-a onde a"
        " variável é definida",
    ),
    Text("carriage return: a file from Windows?", "carriage return: um arquivo do Windows?"),
    Text("line feed", "line feed"),
    Text("it expands to more than {most} values", "expande para mais de {most} valores"),
    Text(
        "every user of this machine may read the password here: chmod o-r {file}",
        "qualquer usuário desta máquina pode ler a senha aqui: chmod o-r {file}",
    ),
    Text("and {more} more problems", "e mais {more} problemas"),
    Text(
        'this must be a mapping: keys with values, like "key: value", indented',
        'isto deve ser um mapeamento: chaves com valores, como "chave: valor", com recuo',
    ),
    Text(
        'this must be a list: each item on a line of its own, after "- "',
        'isto deve ser uma lista: cada item em sua linha, depois de "- "',
    ),
    Text(
        "this must be one value; text that begins with {{ or [ must be in quotes",
        "isto deve ser um valor; texto que começa com {{ ou [ deve estar entre aspas",
    ),
    Text(
        "within {{ }} a comma ends a value, and a word alone is none: is a quote missing?",
        "entre {{ }} uma vírgula termina um valor, e uma palavra sozinha não é um valor: faltam"
        " aspas?",
    ),
    Text(
        "a value that begins with ! must be in quotes; YAML tags are not supported",
        "um valor que começa com ! deve estar entre aspas; tags YAML não são aceitas",
    ),
    Text("this item of the list is empty", "este item da lista está vazio"),
    Text(
        "a key must be one word; is a quote missing?",
        "uma chave deve ser uma palavra; faltam aspas?",
    ),
    Text(
        "this key is given twice, first in line {line}",
        "esta chave aparece duas vezes, a primeira na linha {line}",
    ),
    Text(
        "<< must name a mapping, or a list of them: <<: *anchor",
        "<< deve indicar um mapeamento, ou uma lista deles: <<: *âncora",
    ),
    Text("there is no such key", "esta chave não existe"),
    Text(
        "there is no such key here; it belongs under {parent}",
        "esta chave não existe aqui; ela fica em {parent}",
    ),
    Text(
        'there is no such key; did you mean "{close}"?',
        'esta chave não existe; você quis dizer "{close}"?',
    ),
    Text(
        "there is no such key; known are {known}",
        "esta chave não existe; as conhecidas são {known}",
    ),
    Text("the secret file {file}: {error}", "o arquivo secreto {file}: {error}"),
    Text(
        "every user of this machine may read the secret file {file}: chmod o-r {path}",
        "qualquer usuário desta máquina pode ler o arquivo secreto {file}: chmod o-r {path}",
    ),
    Text("of the user name in it: {doubt}", "sobre o usuário nela: {doubt}"),
    Text("of the password in it: {doubt}", "sobre a senha nela: {doubt}"),
)

_YAML: Final = (
    Text(
        "there is a control character; was a binary file named?",
        "há um caractere de controle; foi informado um arquivo binário?",
    ),
    Text("it is nested too deeply", "tem níveis demais"),
    Text("this is not valid YAML", "isto não é YAML válido"),
    Text(
        "the file is empty; it needs at least cameras:",
        "o arquivo está vazio; precisa ao menos de cameras:",
    ),
    Text(
        'this must be a mapping of keys, like "cameras:" and its list',
        'isto deve ser um mapeamento de chaves, como "cameras:" e sua lista',
    ),
    Text(
        "a quote is opened here and not closed, or a \\ in double quotes is wrong",
        "aspas foram abertas aqui e não fechadas, ou há uma \\ errada entre aspas duplas",
    ),
    Text(
        'a value that begins with "- " or "? " must be in quotes',
        'um valor que começa com "- " ou "? " deve estar entre aspas',
    ),
    Text("a tab; YAML is indented with spaces", "um tab; em YAML o recuo é com espaços"),
    Text(
        "a value that begins with {signs} must be in quotes: YAML reads the word as an anchor",
        "um valor que começa com {signs} deve estar entre aspas: para o YAML a palavra é uma"
        " âncora",
    ),
    Text(
        "a value that begins with {signs} must be in quotes: YAML reads it as a comment",
        "um valor que começa com {signs} deve estar entre aspas: para o YAML é um comentário",
    ),
    Text(
        "a value that begins with {signs} must be in quotes",
        "um valor que começa com {signs} deve estar entre aspas",
    ),
    Text("@ ` % or |", "@ ` % ou |"),
    Text("& or *", "& ou *"),
    Text("| or >", "| ou >"),
    Text(
        "an anchor of this name (&name) is defined twice",
        "uma âncora com este nome (&name) é definida duas vezes",
    ),
    Text(
        'a ":" is in the wrong place: is the indentation right? A value with ": " needs quotes',
        'há um ":" no lugar errado: o recuo está certo? Um valor com ": " precisa de aspas',
    ),
    Text(
        "a [ or {{ is not closed, or a value needs quotes",
        "um [ ou {{ não foi fechado, ou um valor precisa de aspas",
    ),
    Text(
        'a ":" is missing after a key, or the indentation is wrong',
        'falta um ":" depois de uma chave, ou o recuo está errado',
    ),
    Text(
        "there is a second document (---); only one is allowed",
        "há um segundo documento (---); só um é permitido",
    ),
    Text(
        "the indentation does not fit the lines above",
        "o recuo não combina com as linhas acima",
    ),
    Text(
        "{value} is YAML's word for no value; put it in quotes or leave the key out",
        "{value} é a palavra do YAML para nenhum valor; coloque entre aspas ou retire a chave",
    ),
    Text(
        "it goes over several lines, which YAML joins with spaces; put it in quotes",
        "ocupa várias linhas, que o YAML une com espaços; coloque entre aspas",
    ),
    Text(
        "it ends in a line break; write {style}- instead of {plain}",
        "termina em uma quebra de linha; escreva {style}- em vez de {plain}",
    ),
    Text(
        'what follows " #" is a comment to YAML; if it belongs to the value, put all in quotes',
        'o que vem depois de " #" é um comentário para o YAML; se faz parte do valor, coloque tudo'
        " entre aspas",
    ),
    Text(
        "it begins or ends with a space or a line break",
        "começa ou termina com um espaço ou uma quebra de linha",
    ),
    Text(
        "it contains a character that cannot be seen (U+{code}, {name})",
        "contém um caractere invisível (U+{code}, {name})",
    ),
    Text(
        "its first and last characters are quotes, and belong to the value",
        "o primeiro e o último caractere são aspas, e fazem parte do valor",
    ),
    Text(
        "it is taken as it is; a variable of the environment is written ${{NAME}}",
        "é usado como está; uma variável de ambiente se escreve ${{NOME}}",
    ),
    Text(
        "it is taken as it is; was a template not filled in?",
        "é usado como está; um modelo ficou sem preencher?",
    ),
    Text(
        "it is taken as it is; a file that holds the value is named as file:/…",
        "é usado como está; um arquivo que contém o valor se informa como file:/…",
    ),
)

FILE_PHRASES: Final[tuple[Text, ...]] = (*_FILE, *_YAML)
