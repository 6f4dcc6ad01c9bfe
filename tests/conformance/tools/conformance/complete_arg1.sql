select word
from unnest(array['testValue1', 'testValue2', 'another']) word
where starts_with(lower(word), lower($1->>'value'))
