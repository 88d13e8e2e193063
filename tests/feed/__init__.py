from hypothesis import settings

law = settings(deadline=None, max_examples=80)
