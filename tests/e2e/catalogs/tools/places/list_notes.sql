select text from note order by text
